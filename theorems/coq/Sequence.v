(* Generations of n tokens, each steered: the chain rule of the divergence, and
   how often the target is among them. *)
From Coq Require Import Reals List Lra Lia.
From Steering Require Import Definitions Sum Calculus Infinity Tilt Limits
  Bump Concepts Saturation CrossEntropy Bounds.
Open Scope R_scope.

Lemma sum_flat_map {A B} (f : B -> R) (g : A -> list B) l :
  sum f (flat_map g l) = sum (fun x => sum f (g x)) l.
Proof.
  induction l as [|x l IH]; simpl; [reflexivity|]. rewrite sum_app, IH. ring.
Qed.

Lemma sum_map {A B} (f : B -> R) (g : A -> B) l :
  sum f (map g l) = sum (fun x => f (g x)) l.
Proof. induction l as [|x l IH]; simpl; [|rewrite IH]; reflexivity. Qed.

Section Chain.
Context {A J : Type}.
Variables (next : J -> A -> J) (V : list A).
Implicit Types (q : J -> A -> R) (j k : J) (T : A -> bool) (s : list A)
  (h : list A -> R) (g : J -> R) (n : nat).

Notation texts := (sequences V).
Notation probability := (sequence_law next).
Notation expected := (sequence_expect next V).
Notation meets := (reached next V).
Notation way_sum := (on_the_way next).
Notation lawful n q j := (forall k, meets n j k -> law V (q k)).

Lemma reached_later n j k z : In z V -> meets n (next j z) k ->
  meets (S n) j k.
Proof. intros z_in later. right. exists z. split; assumption. Qed.

Lemma laws_later n q j z : lawful (S n) q j -> In z V -> lawful n q (next j z).
Proof.
  intros q_laws z_in k later. apply q_laws. apply (reached_later n j k z);
    assumption.
Qed.

Lemma law_here n q j : lawful (S n) q j -> law V (q j).
Proof. intros q_laws. apply q_laws. left. reflexivity. Qed.

Lemma sum_sequences (f : list A -> R) n : sum f (texts (S n)) =
  sum (fun z => sum (fun s => f (z :: s)) (texts n)) V.
Proof.
  simpl. rewrite sum_flat_map. apply sum_ext. intros z _. apply sum_map.
Qed.

Lemma expect_step n q j h : expected (S n) q j h =
  sum (fun z => q j z * expected n q (next j z) (fun s => h (z :: s))) V.
Proof.
  unfold sequence_expect. rewrite sum_sequences.
  apply sum_ext. intros z _. rewrite <- sum_scal. apply sum_ext. intros s _.
  simpl. ring.
Qed.

Lemma expect_sum n q j h h' : expected n q j (fun s => h s + h' s) =
  expected n q j h + expected n q j h'.
Proof.
  unfold sequence_expect. rewrite <- sum_plus. apply sum_ext.
  intros; ring.
Qed.

Lemma expect_constant n q j c : lawful n q j ->
  expected n q j (fun _ => c) = c.
Proof.
  revert j. induction n as [|n IH]; intros j q_laws.
  - unfold sequence_expect. simpl. ring.
  - rewrite expect_step. rewrite (sum_ext _ (fun z => q j z * c)).
    + rewrite sum_scal_r, (proj2 (law_here n q j q_laws)). ring.
    + intros z z_in. rewrite IH; [reflexivity|].
      apply (laws_later n q j z); assumption.
Qed.

(* The tokens of the first step, then the rest. *)
Lemma sum_on_the_way n q j g : lawful (S n) q j ->
  expected (S n) q j (way_sum g j) = g j + sum (fun z =>
    q j z * expected n q (next j z) (way_sum g (next j z))) V.
Proof.
  intros q_laws. rewrite expect_step.
  rewrite (sum_ext _ (fun z => q j z * g j + q j z *
    expected n q (next j z) (way_sum g (next j z)))).
  - rewrite sum_plus, sum_scal_r, (proj2 (law_here n q j q_laws)). ring.
  - intros z z_in. simpl. rewrite expect_sum, expect_constant; [ring|].
    apply (laws_later n q j z); assumption.
Qed.

Lemma law_positive n q j s : lawful n q j -> In s (texts n) ->
  0 < probability q j s.
Proof.
  revert j s. induction n as [|n IH]; intros j s q_laws s_in.
  - destruct s_in as [<-|[]]. simpl. lra.
  - simpl in s_in. apply in_flat_map in s_in.
    destruct s_in as [z [z_in s_in]]. apply in_map_iff in s_in.
    destruct s_in as [rest [<- rest_in]]. simpl. apply Rmult_lt_0_compat.
    + apply (law_here n q j q_laws), z_in.
    + apply IH; [apply (laws_later n q j z); assumption|exact rest_in].
Qed.

Lemma sequences_law n q j : lawful n q j ->
  law (texts n) (probability q j).
Proof.
  intros q_laws. split.
  - intros s. apply (law_positive n q j s q_laws).
  - rewrite <- (expect_constant n q j 1 q_laws). apply sum_ext. intros; ring.
Qed.

(* ---- The chain rule of the divergence ---- *)

Lemma chain_rule n p q j : lawful n p j -> lawful n q j ->
  KL (texts n) (probability p j) (probability q j) =
  expected n p j (way_sum (fun k => KL V (p k) (q k)) j).
Proof.
  revert j. induction n as [|n IH]; intros j p_laws q_laws.
  - unfold KL, sequence_expect. simpl.
    replace (1 / 1) with 1 by field. rewrite ln_1. ring.
  - rewrite sum_on_the_way by exact p_laws. unfold KL at 1.
    rewrite sum_sequences. unfold KL at 1. rewrite <- sum_plus.
    apply sum_ext. intros z z_in.
    pose proof (laws_later n p j z p_laws z_in) as p_later.
    pose proof (laws_later n q j z q_laws z_in) as q_later.
    rewrite <- IH by assumption. unfold KL.
    pose proof (proj1 (law_here n p j p_laws) z z_in) as p_pos.
    pose proof (proj1 (law_here n q j q_laws) z z_in) as q_pos.
    rewrite (sum_ext _ (fun s => p j z * ln (p j z / q j z) *
      probability p (next j z) s + p j z * (probability p (next j z) s *
      ln (probability p (next j z) s / probability q (next j z) s)))).
    + rewrite sum_plus, !sum_scal. f_equal.
      pose proof (expect_constant n p (next j z) 1 p_later) as total.
      unfold sequence_expect in total.
      rewrite (sum_ext _ (probability p (next j z))) in total
        by (intros; ring).
      rewrite total. ring.
    + intros s s_in. simpl.
      pose proof (law_positive n p _ s p_later s_in) as P.
      pose proof (law_positive n q _ s q_later s_in) as Q.
      set (a := probability p (next j z) s) in *.
      set (b := probability q (next j z) s) in *.
      replace (p j z * a / (q j z * b)) with (p j z / q j z * (a / b))
        by (field; lra).
      rewrite ln_mult by (apply Rdiv_lt_0_compat; assumption). ring.
Qed.

(* ---- How often the target is there, from its mass at each step ---- *)

Section Target.
Variables (q : J -> A -> R) (T : A -> bool) (lo hi : R).
Notation mass_of k := (share_of V q T k).
Notation between n j := (forall k, meets n j k -> lo <= mass_of k <= hi).

Lemma between_later n j z : between (S n) j -> In z V -> between n (next j z).
Proof.
  intros bounds z_in k later. apply bounds, (reached_later n j k z); assumption.
Qed.

Lemma outside_share n j : lawful (S n) q j ->
  sum (q j) (members (outside T) V) = 1 - mass_of j.
Proof.
  intros q_laws. pose proof (proj2 (law_here n q j q_laws)) as total.
  rewrite (sum_split T) in total. unfold share_of. lra.
Qed.

Lemma share_range n j : lawful (S n) q j -> 0 <= mass_of j <= 1.
Proof.
  intros q_laws. pose proof (proj1 (law_here n q j q_laws)) as q_pos. split.
  - apply sum_nonneg. intros z z_in. apply members_in in z_in. left.
    apply q_pos, z_in.
  - assert (0 <= sum (q j) (members (outside T) V)).
    { apply sum_nonneg. intros z z_in. apply outside_in in z_in. left.
      apply q_pos, z_in. }
    rewrite (outside_share n j q_laws) in H. lra.
Qed.

Definition misses (s : list A) : R := 1 - appears T s.

Lemma miss_step n j : lawful (S n) q j ->
  expected (S n) q j misses =
  sum (fun z => q j z * expected n q (next j z) misses)
    (members (outside T) V).
Proof.
  intros q_laws. rewrite expect_step. unfold members. rewrite sum_filter.
  apply sum_ext. intros z z_in. unfold outside, sequence_expect.
  destruct (T z) eqn:Tz; simpl.
  - rewrite (sum_ext _ (fun _ => 0)).
    + rewrite sum_zero by reflexivity. ring.
    + intros s _. unfold misses, appears. simpl. rewrite Tz. simpl. ring.
  - f_equal. apply sum_ext. intros s _. unfold misses, appears. simpl.
    rewrite Tz. reflexivity.
Qed.

Lemma miss_bounds n j : lawful n q j -> between n j -> hi <= 1 ->
  (1 - hi) ^ n <= expected n q j misses <= (1 - lo) ^ n.
Proof.
  intros q_laws bounds hi_le. revert j q_laws bounds.
  induction n as [|n IH]; intros j q_laws bounds.
  - unfold sequence_expect, misses, appears. simpl. lra.
  - rewrite miss_step by exact q_laws.
    pose proof (bounds j (or_introl eq_refl)) as here.
    pose proof (share_range n j q_laws) as range.
    pose proof (proj1 (law_here n q j q_laws)) as q_pos.
    assert (0 <= (1 - hi) ^ n) by (apply pow_le; lra).
    assert (0 <= (1 - lo) ^ n) by (apply pow_le; lra).
    assert (step : forall z, In z (members (outside T) V) -> 0 <= q j z /\
      (1 - hi) ^ n <= expected n q (next j z) misses <= (1 - lo) ^ n).
    { intros z z_in. apply outside_in in z_in. destruct z_in as [z_in _].
      split; [left; apply q_pos, z_in|]. apply IH.
      - apply (laws_later n q j z q_laws z_in).
      - apply (between_later n j z bounds z_in). }
    pose proof (outside_share n j q_laws) as off. simpl. split.
    + apply Rle_trans with ((1 - mass_of j) * (1 - hi) ^ n);
        [apply Rmult_le_compat_r; lra|].
      rewrite <- off, <- sum_scal_r. apply sum_le. intros z z_in.
      destruct (step z z_in). apply Rmult_le_compat_l; lra.
    + apply Rle_trans with ((1 - mass_of j) * (1 - lo) ^ n);
        [|apply Rmult_le_compat_r; lra].
      rewrite <- off, <- sum_scal_r. apply sum_le. intros z z_in.
      destruct (step z z_in). apply Rmult_le_compat_l; lra.
Qed.

Lemma presence_bounds n j : lawful n q j -> between n j -> hi <= 1 ->
  1 - (1 - lo) ^ n <= expected n q j (appears T) <= 1 - (1 - hi) ^ n.
Proof.
  intros q_laws bounds hi_le.
  pose proof (miss_bounds n j q_laws bounds hi_le) as M.
  pose proof (expect_constant n q j 1 q_laws) as total.
  assert (E : expected n q j (fun _ => 1) =
    expected n q j (appears T) + expected n q j misses).
  { rewrite <- expect_sum. apply sum_ext. intros; unfold misses; ring. }
  rewrite total in E. lra.
Qed.

Lemma count_bounds n j : lawful n q j -> between n j ->
  INR n * lo <= expected n q j (count T) <= INR n * hi.
Proof.
  revert j. induction n as [|n IH]; intros j q_laws bounds.
  - unfold sequence_expect, count. simpl. lra.
  - rewrite expect_step.
    rewrite (sum_ext _ (fun z => q j z * indicator T z +
      q j z * expected n q (next j z) (count T))).
    2: { intros z z_in. change (fun s => count T (z :: s))
           with (fun s => indicator T z + count T s).
         rewrite expect_sum, expect_constant; [ring|].
         apply (laws_later n q j z q_laws z_in). }
    rewrite sum_plus.
    assert (E : sum (fun z => q j z * indicator T z) V = mass_of j).
    { unfold share_of, members. rewrite sum_filter. apply sum_ext. intros z _.
      unfold indicator. destruct (T z); ring. }
    rewrite E, S_INR.
    pose proof (bounds j (or_introl eq_refl)) as here.
    pose proof (law_here n q j q_laws) as [q_pos total].
    assert (step : forall z, In z V -> 0 <= q j z /\ INR n * lo <=
      expected n q (next j z) (count T) <= INR n * hi).
    { intros z z_in. split; [left; apply q_pos, z_in|]. apply IH.
      - apply (laws_later n q j z q_laws z_in).
      - apply (between_later n j z bounds z_in). }
    assert (I : INR n * lo <= sum (fun z => q j z *
      expected n q (next j z) (count T)) V <= INR n * hi).
    { split.
      - apply Rle_trans with (sum (fun z => q j z * (INR n * lo)) V).
        + rewrite sum_scal_r, total. lra.
        + apply sum_le. intros z z_in. destruct (step z z_in).
          apply Rmult_le_compat_l; lra.
      - apply Rle_trans with (sum (fun z => q j z * (INR n * hi)) V).
        + apply sum_le. intros z z_in. destruct (step z z_in).
          apply Rmult_le_compat_l; lra.
        + rewrite sum_scal_r, total. lra. }
    lra.
Qed.
End Target.

(* ---- Steered by M at every step ---- *)

Section Steered.
Variables (p : J -> A -> R) (M : A -> R).

Definition steered (alpha : R) (k : J) : A -> R := tilt V (p k) M alpha.
(* What one token costs in context k. *)
Definition step_cost (alpha : R) (k : J) : R :=
  log_partition V (p k) M alpha - alpha * mean V (p k) M 0.
Definition sequence_cost n j alpha : R :=
  expected n p j (way_sum (step_cost alpha) j).

Lemma steered_laws n j alpha : lawful n p j -> lawful n (steered alpha) j.
Proof.
  intros p_laws k way. pose proof (p_laws k way) as p_law.
  pose proof (law_nonempty V (p k) p_law). split.
  - intros z z_in. apply tilt_pos; try assumption. apply p_law.
  - apply tilt_sum; try assumption. apply p_law.
Qed.

Lemma on_the_way_ext n j (g g' : J -> R) s : In s (texts n) ->
  (forall k, meets n j k -> g k = g' k) ->
  way_sum g j s = way_sum g' j s.
Proof.
  revert j s. induction n as [|n IH]; intros j s s_in same.
  - destruct s_in as [<-|[]]. reflexivity.
  - simpl in s_in. apply in_flat_map in s_in.
    destruct s_in as [z [z_in s_in]]. apply in_map_iff in s_in.
    destruct s_in as [rest [<- rest_in]]. simpl.
    rewrite same by (left; reflexivity). f_equal. apply IH; [exact rest_in|].
    intros k later. apply same, (reached_later n j k z); assumption.
Qed.

Lemma divergence_is_cost n j alpha : lawful n p j ->
  KL (texts n) (probability p j) (probability (steered alpha) j) =
  sequence_cost n j alpha.
Proof.
  intros p_laws.
  rewrite chain_rule by (try apply steered_laws; exact p_laws).
  apply sum_ext. intros s s_in. f_equal.
  apply (on_the_way_ext n); [exact s_in|]. intros k way.
  apply (divergence V (p k) M (p_laws k way)).
Qed.

Lemma cost_step n j alpha : lawful (S n) p j -> sequence_cost (S n) j alpha =
  step_cost alpha j +
    sum (fun z => p j z * sequence_cost n (next j z) alpha) V.
Proof. apply sum_on_the_way. Qed.

(* One context as a dataset of its own. *)
Lemma alone_weights j : weights (j :: nil) (fun _ => 1).
Proof. split; [intros; lra|simpl; ring]. Qed.

Lemma alone_laws j : law V (p j) -> laws V (j :: nil) p.
Proof. intros p_law k [<-|[]]. exact p_law. Qed.

Lemma alone_increase j alpha : law V (p j) ->
  cross_entropy_increase V (j :: nil) (fun _ => 1) p M alpha =
  step_cost alpha j.
Proof.
  intros p_law. rewrite increase_cumulant
    by (apply alone_laws, p_law || apply alone_weights).
  unfold step_cost. simpl. ring.
Qed.

Lemma step_cost_le j alpha range : law V (p j) -> ranges V M range ->
  step_cost alpha j <= alpha ^ 2 * range ^ 2 / 8.
Proof.
  intros p_law M_ranges. rewrite <- (alone_increase j alpha p_law).
  destruct (either_sign V (j :: nil) (fun _ => 1) p M alpha)
    as [M' [_ [E [_ Er]]]].
  rewrite E, <- (pow2_abs alpha).
  exact (hoeffding V (j :: nil) (fun _ => 1) p M' range (alone_laws j p_law)
      (alone_weights j) (Er range M_ranges) (Rabs alpha) (Rabs_pos alpha)).
Qed.

Lemma step_cost_convex j : law V (p j) -> varies V M ->
  strictly_convex (fun alpha => step_cost alpha j).
Proof.
  intros p_law M_varies x y t x_lt_y t_between.
  rewrite <- !alone_increase by exact p_law.
  exact (increase_convex V (j :: nil) (fun _ => 1) p M (alone_laws j p_law)
      (alone_weights j) M_varies x y t x_lt_y t_between).
Qed.

Lemma cost_le n j alpha range : lawful n p j -> ranges V M range ->
  sequence_cost n j alpha <= INR n * (alpha ^ 2 * range ^ 2 / 8).
Proof.
  intros p_laws M_ranges. revert j p_laws.
  induction n as [|n IH]; intros j p_laws.
  - unfold sequence_cost, sequence_expect. simpl. lra.
  - rewrite cost_step, S_INR by exact p_laws.
    pose proof (law_here n p j p_laws) as [p_pos total].
    pose proof (step_cost_le j alpha range (law_here n p j p_laws) M_ranges).
    set (c := alpha ^ 2 * range ^ 2 / 8) in *.
    assert (sum (fun z => p j z * sequence_cost n (next j z) alpha) V <=
      INR n * c); [|lra].
    apply Rle_trans with (sum (fun z => p j z * (INR n * c)) V).
    + apply sum_le. intros z z_in.
      apply Rmult_le_compat_l; [left; apply p_pos, z_in|].
      apply IH, (laws_later n p j z p_laws z_in).
    + rewrite sum_scal_r, total. lra.
Qed.

Lemma cost_weakly_convex n j x y t : lawful n p j -> varies V M -> x < y ->
  0 < t < 1 -> sequence_cost n j (t * x + (1 - t) * y) <=
    t * sequence_cost n j x + (1 - t) * sequence_cost n j y.
Proof.
  intros p_laws M_varies x_lt_y t_between. revert j p_laws.
  induction n as [|n IH]; intros j p_laws.
  - unfold sequence_cost, sequence_expect. simpl. lra.
  - rewrite !cost_step by exact p_laws.
    pose proof (step_cost_convex j (law_here n p j p_laws) M_varies x y t x_lt_y
        t_between) as here. simpl in here.
    assert (later : sum (fun z => p j z *
        sequence_cost n (next j z) (t * x + (1 - t) * y)) V <=
      t * sum (fun z => p j z * sequence_cost n (next j z) x) V +
      (1 - t) * sum (fun z => p j z * sequence_cost n (next j z) y) V); [|lra].
    rewrite <- !sum_scal, <- sum_plus. apply sum_le. intros z z_in.
    pose proof (IH (next j z) (laws_later n p j z p_laws z_in)).
    pose proof (proj1 (law_here n p j p_laws) z z_in). nra.
Qed.

Lemma cost_convex n j : lawful (S n) p j -> varies V M ->
  strictly_convex (sequence_cost (S n) j).
Proof.
  intros p_laws M_varies x y t x_lt_y t_between.
  rewrite !cost_step by exact p_laws.
  pose proof (step_cost_convex j (law_here n p j p_laws) M_varies x y t x_lt_y
      t_between) as here. simpl in here.
  assert (later : sum (fun z => p j z *
      sequence_cost n (next j z) (t * x + (1 - t) * y)) V <=
    t * sum (fun z => p j z * sequence_cost n (next j z) x) V +
    (1 - t) * sum (fun z => p j z * sequence_cost n (next j z) y) V); [|lra].
  rewrite <- !sum_scal, <- sum_plus. apply sum_le. intros z z_in.
  pose proof (cost_weakly_convex n (next j z) x y t
      (laws_later n p j z p_laws z_in) M_varies x_lt_y t_between).
  pose proof (proj1 (law_here n p j p_laws) z z_in). nra.
Qed.

(* ---- The mass of the target on the way ---- *)

Variables (T : A -> bool) (delta most : R).
Hypothesis T_proper : proper T V.
Hypothesis T_margin : margin T V M delta.
Hypothesis T_largest : largest_margin T V M most.

Lemma nu_slope_most k alpha : positive V (p k) ->
  nu_slope V (p k) M T alpha <= most.
Proof.
  intros p_pos.
  pose proof (inner_positive V (p k) T p_pos) as Pi.
  pose proof (outer_positive V (p k) T p_pos) as Po.
  pose proof (inner_nonempty V T T_proper) as Ni.
  pose proof (outer_nonempty V T T_proper) as No.
  destruct (lowest_exists M _ No) as [c [[w [w_in Ew]] above]].
  assert (c <= mean (members (outside T) V) (p k) M alpha)
    by (apply mean_ge; assumption).
  assert (mean (members T V) (p k) M alpha <= c + most).
  { apply mean_le; [exact Pi|exact Ni|]. intros z z_in.
    apply members_in in z_in. apply outside_in in w_in. rewrite <- Ew.
    apply T_largest; tauto. }
  unfold nu_slope. lra.
Qed.

Lemma log_odds_moved k alpha : positive V (p k) ->
  Rmin (delta * alpha) (most * alpha) <=
  set_log_odds V (p k) M T alpha - set_log_odds V (p k) M T 0 <=
  Rmax (delta * alpha) (most * alpha).
Proof.
  intros p_pos. set (L := set_log_odds V (p k) M T).
  assert (bounds : forall c, delta <= nu_slope V (p k) M T c <= most).
  { intros c. split; [apply nu_slope_ge|apply nu_slope_most]; assumption. }
  pose proof (set_log_odds_derivative V (p k) M T p_pos T_proper) as D.
  unfold Rmin, Rmax. destruct (Rle_dec (delta * alpha) (most * alpha)) as [O|O].
  - destruct (Rtotal_order alpha 0) as [S|[S|S]].
    + destruct (mean_value L _ D alpha 0 S) as [c [E _]].
      specialize (bounds c). assert (delta = most) by nra. nra.
    + subst alpha. lra.
    + destruct (mean_value L _ D 0 alpha S) as [c [E _]].
      specialize (bounds c). nra.
  - destruct (Rtotal_order alpha 0) as [S|[S|S]].
    + destruct (mean_value L _ D alpha 0 S) as [c [E _]].
      specialize (bounds c). nra.
    + subst alpha. lra.
    + destruct (mean_value L _ D 0 alpha S) as [c [E _]].
      specialize (bounds c). nra.
Qed.

Lemma logistic_le x y : x <= y -> logistic x <= logistic y.
Proof.
  intros [L|L]; [left; apply logistic_increasing, L|subst; lra].
Qed.

Lemma steered_between n j alpha low high : lawful n p j ->
  (forall k, meets n j k -> low <= logit (mass V (p k) M T 0) <= high) ->
  forall k, meets n j k ->
  logistic (low + Rmin (delta * alpha) (most * alpha)) <=
  share_of V (steered alpha) T k <=
  logistic (high + Rmax (delta * alpha) (most * alpha)).
Proof.
  intros p_laws before k way.
  pose proof (proj1 (p_laws k way)) as p_pos.
  change (share_of V (steered alpha) T k) with (mass V (p k) M T alpha).
  rewrite mass_logistic by assumption. specialize (before k way).
  rewrite logit_mass in before by assumption.
  pose proof (log_odds_moved k alpha p_pos).
  split; apply logistic_le; lra.
Qed.
End Steered.
End Chain.

(* ---- Presence can fall, though T is separated ---- *)

(* Off T steering prefers token 1, after which T is rare, to token 2. *)
Definition falling (j z : nat) : R :=
  match j, z with
  | 1%nat, 0%nat => 1 / 100 | 1%nat, 1%nat => 1 / 2 | 1%nat, _ => 49 / 100
  | 2%nat, 0%nat => 9 / 10 | 2%nat, _ => 1 / 20
  | _, 0%nat => 1 / 1000 | _, 1%nat => 1 / 2 | _, _ => 499 / 1000
  end.
Definition falling_log_odds (z : nat) : R :=
  match z with 0%nat => 2 | 1%nat => 1 | _ => 0 end.

Lemma presence_falls :
  let V := (0 :: 1 :: 2 :: nil)%nat in
  let T z := Nat.eqb z 0 in
  let presence alpha := sequence_expect (fun _ z => z) V 2
    (fun k => tilt V (falling k) falling_log_odds alpha) 0%nat (appears T) in
  (forall k, law V (falling k)) /\ proper T V /\
  separated T V falling_log_odds /\
  exists alpha, 0 < alpha /\ presence alpha < presence 0.
Proof.
  intros V T presence. split; [|split; [|split]].
  - intros k. split.
    + intros z z_in. destruct k as [|[|[|k]]]; simpl in z_in;
        destruct z_in as [<-|[<-|[<-|[]]]]; simpl; lra.
    + destruct k as [|[|[|k]]]; simpl; lra.
  - split; [exists 0%nat|exists 1%nat]; simpl; auto.
  - intros y z y_in z_in Ty Tz. simpl in y_in, z_in.
    destruct y_in as [<-|[<-|[<-|[]]]]; destruct z_in as [<-|[<-|[<-|[]]]];
      try discriminate; simpl; lra.
  - exists (ln 4). split; [rewrite <- ln_1; apply ln_increasing; lra|].
    assert (E0 : forall x, exp (x * 0) = 1)
      by (intros; rewrite Rmult_0_r; apply exp_0).
    assert (Z : forall x, exp (0 * x) = 1)
      by (intros; rewrite Rmult_0_l; apply exp_0).
    assert (E1 : exp (ln 4 * 1) = 4) by (rewrite Rmult_1_r; apply exp_ln; lra).
    assert (E2 : exp (ln 4 * 2) = 16).
    { replace (ln 4 * 2) with (ln 4 + ln 4) by ring.
      rewrite exp_plus, exp_ln; lra. }
    unfold presence, sequence_expect, V, appears, tilt, partition, weight.
    simpl. rewrite !Z, !E0, !E1, !E2. lra.
Qed.
