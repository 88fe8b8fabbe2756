(* Presence in n sampled tokens against the mass that Delta p measures: between
   the mean mass on the way and n times it; half at a mass of 1 - 2^(-1/n). *)
From Coq Require Import Reals List Lra Lia.
From Steering Require Import Definitions Sum Calculus Tilt Bump Concepts
  Sequence.
Open Scope R_scope.

Section Presence.
Context {A J : Type}.
Variables (next : J -> A -> J) (V : list A) (T : A -> bool).
Implicit Types (q : J -> A -> R) (j k : J) (n : nat).

Notation expected := (sequence_expect next V).
Notation lawful n q j := (forall k, reached next V n j k -> law V (q k)).
Notation mean_mass n q j :=
  (expected n q j (on_the_way next (share_of V q T) j)).

Lemma count_nonneg s : 0 <= count T s.
Proof.
  apply sum_nonneg. intros z _. unfold indicator. destruct (T z); lra.
Qed.

Lemma appears_count s :
  appears T s <= count T s <= INR (length s) * appears T s.
Proof.
  induction s as [|z s IH].
  - unfold appears, count. simpl. lra.
  - change (count T (z :: s)) with (indicator T z + count T s).
    change (length (z :: s)) with (S (length s)). rewrite S_INR.
    pose proof (count_nonneg s). pose proof (pos_INR (length s)).
    assert (R : 0 <= appears T s <= 1)
      by (unfold appears; destruct (existsb T s); lra).
    unfold indicator. unfold appears in *. simpl.
    destruct (T z); simpl; [|destruct (existsb T s)]; nra.
Qed.

Lemma sequence_length n s : In s (sequences V n) -> length s = n.
Proof.
  revert s. induction n as [|n IH]; intros s; simpl.
  - intros [<-|[]]. reflexivity.
  - intros s_in. apply in_flat_map in s_in. destruct s_in as [z [_ s_in]].
    apply in_map_iff in s_in. destruct s_in as [r [<- r_in]]. simpl.
    rewrite (IH r r_in). reflexivity.
Qed.

Lemma expected_count n q j : lawful n q j ->
  expected n q j (count T) = mean_mass n q j.
Proof.
  revert j. induction n as [|n IH]; intros j q_laws.
  - unfold sequence_expect. simpl. unfold count. simpl. ring.
  - rewrite (sum_on_the_way next V n q j) by exact q_laws.
    rewrite expect_step.
    rewrite (sum_ext _ (fun z => q j z * indicator T z +
      q j z * expected n q (next j z) (count T))).
    2: { intros z z_in. change (fun s => count T (z :: s))
           with (fun s => indicator T z + count T s).
         rewrite expect_sum, expect_constant; [ring|].
         apply (laws_later next V n q j z q_laws z_in). }
    rewrite sum_plus. f_equal.
    + unfold share_of, members. rewrite sum_filter. apply sum_ext. intros z _.
      unfold indicator. destruct (T z); ring.
    + apply sum_ext. intros z z_in. f_equal. apply IH.
      apply (laws_later next V n q j z q_laws z_in).
Qed.

Lemma presence_of_mass n q j : lawful n q j ->
  expected n q j (appears T) <= mean_mass n q j <=
    INR n * expected n q j (appears T).
Proof.
  intros q_laws. rewrite <- (expected_count n q j q_laws).
  pose proof (fun s => law_positive next V n q j s q_laws) as positive.
  unfold sequence_expect. rewrite <- sum_scal.
  split; apply sum_le; intros s s_in; specialize (positive s s_in);
    pose proof (appears_count s) as [least most].
  - apply Rmult_le_compat_l; lra.
  - rewrite (sequence_length n s s_in) in most. nra.
Qed.

(* No text out of many shows T: Bernoulli's inequality. *)
Lemma bernoulli x m : 0 <= x <= 1 -> 1 - INR m * x <= (1 - x) ^ m.
Proof.
  intros x_between. induction m as [|m IH]; [simpl; lra|].
  rewrite S_INR. simpl. pose proof (pos_INR m).
  assert (0 <= (1 - x) ^ m) by (apply pow_le; lra).
  destruct (Rle_lt_dec 0 (1 - INR m * x)) as [L|L]; nra.
Qed.

Lemma presence_range n q j : lawful n q j ->
  0 <= expected n q j (appears T) <= 1.
Proof.
  intros q_laws. rewrite <- (expect_constant next V n q j 1 q_laws).
  unfold sequence_expect.
  split; [apply sum_nonneg|apply sum_le]; intros s s_in;
    pose proof (law_positive next V n q j s q_laws s_in);
    unfold appears; destruct (existsb T s); lra.
Qed.

Lemma unseen n q j m : lawful n q j ->
  1 - INR m * mean_mass n q j <= (1 - expected n q j (appears T)) ^ m.
Proof.
  intros q_laws. pose proof (presence_range n q j q_laws) as range.
  pose proof (bernoulli _ m range). pose proof (presence_of_mass n q j q_laws).
  pose proof (pos_INR m). nra.
Qed.

(* ---- Half of the texts ---- *)

Notation half n := (1 - Rpower 2 (- / INR n)).

Lemma half_power n : (0 < n)%nat -> (1 - half n) ^ n = 1 / 2.
Proof.
  intros n_positive. assert (0 < INR n) by (apply lt_0_INR; exact n_positive).
  replace (1 - half n) with (Rpower 2 (- / INR n)) by ring.
  rewrite <- Rpower_pow by apply exp_pos. rewrite Rpower_mult.
  replace (- / INR n * INR n) with (- (1)) by (field; lra).
  rewrite Rpower_Ropp, Rpower_1 by lra. lra.
Qed.

Lemma half_range n : (0 < n)%nat -> 0 < half n <= 1 / 2.
Proof.
  intros n_positive.
  assert (1 <= INR n) by (apply (le_INR 1); lia).
  pose proof (Rinv_0_lt_compat (INR n) ltac:(lra)).
  assert (at_most : Rpower 2 (- / INR n) < 1).
  { rewrite <- (Rpower_O 2) by lra. apply Rpower_lt; lra. }
  assert (/ INR n <= 1)
    by (rewrite <- Rinv_1; apply Rinv_le_contravar; lra).
  assert (at_least : Rpower 2 (- (1)) <= Rpower 2 (- / INR n))
    by (apply Rle_Rpower; lra).
  rewrite Rpower_Ropp, Rpower_1 in at_least by lra. lra.
Qed.

Lemma half_presence n q j : (0 < n)%nat -> lawful n q j ->
  ((forall k, reached next V n j k -> half n <= share_of V q T k) ->
    1 / 2 <= expected n q j (appears T)) /\
  ((forall k, reached next V n j k -> share_of V q T k <= half n) ->
    expected n q j (appears T) <= 1 / 2).
Proof.
  intros n_positive q_laws. pose proof (half_range n n_positive).
  pose proof (half_power n n_positive) as E.
  assert (R : forall k, reached next V n j k -> 0 <= share_of V q T k <= 1).
  { intros k k_way. apply (share_range next V q T 0 k).
    intros i [->|[z [_ []]]].
    apply q_laws. exact k_way. }
  split; intros bounds.
  - assert (B : forall k, reached next V n j k ->
      half n <= share_of V q T k <= 1)
      by (intros k k_way; split; [apply bounds|apply R]; exact k_way).
    pose proof (presence_bounds next V q T (half n) 1 n j q_laws B ltac:(lra)).
    lra.
  - assert (B : forall k, reached next V n j k ->
      0 <= share_of V q T k <= half n)
      by (intros k k_way; split; [apply R|apply bounds]; exact k_way).
    pose proof (presence_bounds next V q T 0 (half n) n j q_laws B ltac:(lra)).
    lra.
Qed.

(* ---- Along M: how much earlier than half of the mass ---- *)

Variables (p : J -> A -> R) (M : A -> R) (most : R).
Hypothesis T_proper : proper T V.
Hypothesis T_largest : largest_margin T V M most.
Notation tilted alpha := (fun k => tilt V (p k) M alpha).

Lemma half_logit n : (0 < n)%nat ->
  logit (half n) = - ln (/ (Rpower 2 (/ INR n) - 1)).
Proof.
  intros n_positive. pose proof (half_range n n_positive) as range.
  assert (0 < INR n) by (apply lt_0_INR; exact n_positive).
  assert (P : 0 < Rpower 2 (/ INR n)) by apply exp_pos.
  rewrite Rpower_Ropp in *.
  assert (1 < Rpower 2 (/ INR n)).
  { destruct (Rlt_le_dec 1 (Rpower 2 (/ INR n))) as [L|L]; [exact L|].
    assert (1 <= / Rpower 2 (/ INR n))
      by (rewrite <- Rinv_1; apply Rinv_le_contravar; lra). lra. }
  rewrite ln_Rinv, Ropp_involutive by lra. unfold logit. f_equal. field. lra.
Qed.

Lemma earlier k alpha back : positive V (p k) -> 0 <= back ->
  set_log_odds V (p k) M T alpha - most * back <=
    set_log_odds V (p k) M T (alpha - back).
Proof.
  intros p_pos [back_positive|<-]; [|rewrite Rminus_0_r; lra].
  destruct (mean_value (set_log_odds V (p k) M T) _
    (set_log_odds_derivative V (p k) M T p_pos T_proper) (alpha - back) alpha
    ltac:(lra)) as [c [E _]].
  pose proof (nu_slope_most next V p M T most T_proper T_largest k c p_pos)
    as S.
  nra.
Qed.

Lemma before_half_saturation n j alpha : (0 < n)%nat -> lawful n p j ->
  0 < most ->
  (forall k, reached next V n j k -> 1 / 2 <= share_of V (tilted alpha) T k) ->
  let back := ln (/ (Rpower 2 (/ INR n) - 1)) / most in
  0 <= back /\ 1 / 2 <= expected n (tilted (alpha - back)) j (appears T).
Proof.
  intros n_positive p_laws most_positive saturated back.
  pose proof (half_range n n_positive) as range.
  pose proof (half_logit n n_positive) as L.
  assert (nonpositive : logit (half n) <= 0).
  { unfold logit. rewrite <- ln_1.
    destruct range as [low [less|same]].
    - left. apply ln_increasing; [apply Rdiv_lt_0_compat; lra|].
      apply (Rmult_lt_reg_r (1 - half n)); [lra|]. unfold Rdiv.
      rewrite Rmult_assoc, Rinv_l by lra. lra.
    - rewrite same. replace (1 / 2 / (1 - 1 / 2)) with 1 by field. lra. }
  assert (back_nonneg : 0 <= back).
  { unfold back. apply Rmult_le_pos;
      [lra|left; apply Rinv_0_lt_compat; exact most_positive]. }
  split; [exact back_nonneg|].
  apply (half_presence n (tilted (alpha - back)) j n_positive);
    [apply (steered_laws next V p M n j); exact p_laws|].
  intros k k_way. pose proof (proj1 (p_laws k k_way)) as p_pos.
  specialize (saturated k k_way).
  change (share_of V (tilted alpha) T k) with (mass V (p k) M T alpha)
    in saturated.
  change (share_of V (tilted (alpha - back)) T k)
    with (mass V (p k) M T (alpha - back)).
  rewrite mass_logistic in saturated |- * by assumption.
  rewrite <- (logistic_logit (half n)) by lra. apply logistic_le.
  assert (0 <= set_log_odds V (p k) M T alpha).
  { destruct (Rle_lt_dec 0 (set_log_odds V (p k) M T alpha)) as [O|O];
      [exact O|].
    apply logistic_increasing in O. unfold logistic in O at 2.
    rewrite exp_0 in O. lra. }
  pose proof (earlier k alpha back p_pos back_nonneg).
  assert (most * back = ln (/ (Rpower 2 (/ INR n) - 1)))
    by (unfold back; field; lra). lra.
Qed.

(* ---- In terms of the increase of the concept ---- *)

Variables (n : nat) (j : J).
Hypothesis p_laws : lawful n p j.
Notation total alpha := (expected n (tilted alpha) j (on_the_way next (fun k =>
  sum (p k) (members T V) + INR (length (members T V)) *
    concept_increase V (p k) M T alpha) j)).

Lemma total_mass alpha : total alpha = mean_mass n (tilted alpha) j.
Proof.
  apply sum_ext. intros s s_in. f_equal.
  apply (on_the_way_ext next V n j); [exact s_in|]. intros k k_way.
  pose proof (p_laws k k_way) as p_law.
  rewrite concept_increase_mass
    by (apply p_law || exact T_proper).
  rewrite (mass_zero V (p k) M T p_law).
  change (share_of V (tilted alpha) T k) with (mass V (p k) M T alpha).
  field. apply Rgt_not_eq, length_pos, members_nonempty, T_proper.
Qed.

Lemma presence_increase alpha : (0 < n)%nat -> total alpha / INR n <=
  expected n (tilted alpha) j (appears T) <= total alpha.
Proof.
  intros n_positive.
  assert (0 < INR n) by (apply lt_0_INR; exact n_positive). rewrite total_mass.
  pose proof (presence_of_mass n (tilted alpha) j
    (steered_laws next V p M n j alpha p_laws)) as [least most_of].
  split; [|exact least]. apply (Rmult_le_reg_r (INR n)); [assumption|].
  unfold Rdiv. rewrite Rmult_assoc, Rinv_l, Rmult_1_r by lra. lra.
Qed.

Lemma unseen_increase alpha m : 1 - INR m * total alpha <=
  (1 - expected n (tilted alpha) j (appears T)) ^ m.
Proof.
  rewrite total_mass. apply unseen.
  exact (steered_laws next V p M n j alpha p_laws).
Qed.
End Presence.
