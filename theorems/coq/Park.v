(* Concepts that steering leaves alone (Park et al., arXiv:2311.03658): the
   distribution given a set of tokens is constant iff M is constant on it. *)
From Coq Require Import Reals List Lra Lia.
From Steering Require Import Definitions Sum Calculus Infinity Tilt Limits Bump
  Concepts.
Open Scope R_scope.

Section Given.
Context {A : Type}.
Variables (V : list A) (p M : A -> R) (S : A -> bool).
Hypothesis p_law : law V p.
Hypothesis S_inhabited : inhabited S V.

Notation on := (members S V).
Let p_positive : positive V p := proj1 p_law.

Lemma on_positive : positive on p.
Proof. intros z z_in. apply members_in in z_in. apply p_positive, z_in. Qed.
Lemma on_nonempty : on <> nil.
Proof. apply members_nonempty, S_inhabited. Qed.

Lemma given_tilt alpha z : given V p M S alpha z = tilt on p M alpha z.
Proof.
  pose proof (partition_ne V p M p_positive (law_nonempty V p p_law) alpha).
  pose proof (partition_ne on p M on_positive on_nonempty alpha).
  unfold given, mass, tilt. rewrite sum_div. fold (partition on p M alpha).
  field. split; assumption.
Qed.

Lemma given_ratio alpha y z : In y on -> In z on ->
  given V p M S alpha z * p y =
    given V p M S alpha y * p z * exp (alpha * (M z - M y)).
Proof.
  intros y_in z_in. rewrite !given_tilt.
  pose proof (partition_ne on p M on_positive on_nonempty alpha).
  unfold tilt, weight.
  replace (alpha * M z) with (alpha * (M z - M y) + alpha * M y) by ring.
  rewrite exp_plus. field. assumption.
Qed.

Lemma given_constant :
  (forall alpha z, In z V -> S z = true ->
    given V p M S alpha z = given V p M S 0 z) <->
  (forall y z, In y V -> In z V -> S y = true -> S z = true -> M y = M z).
Proof.
  assert (to : forall z, In z V -> S z = true -> In z on)
    by (intros z z_in Sz; apply members_in; split; assumption). split.
  - intros constant y z y_in z_in Sy Sz.
    pose proof (given_ratio 1 y z (to y y_in Sy) (to z z_in Sz)) as moved.
    pose proof (given_ratio 0 y z (to y y_in Sy) (to z z_in Sz)) as start.
    rewrite (constant 1 y), (constant 1 z), start, Rmult_0_l, exp_0
      in moved by assumption.
    rewrite Rmult_1_l, Rmult_1_r in moved.
    assert (positive_y : 0 < given V p M S 0 y).
    { rewrite given_tilt. apply tilt_pos;
        [apply on_positive|apply on_nonempty|apply to; assumption]. }
    pose proof (p_positive z z_in).
    assert (one : exp (M z - M y) = 1).
    { apply (Rmult_eq_reg_l (given V p M S 0 y * p z)); [lra|].
      apply Rgt_not_eq, Rmult_lt_0_compat; assumption. }
    rewrite <- exp_0 in one. apply exp_inv in one. lra.
  - intros flat alpha z z_in Sz. rewrite !given_tilt.
    assert (same : forall y, In y on -> M y = 0 + M z).
    { intros y y_in. apply members_in in y_in. destruct y_in as [y_in Sy].
      rewrite (flat y z) by assumption. ring. }
    rewrite !(tilt_offset on p M (fun _ => 0) (M z))
      by (try (intros; rewrite same by assumption; ring); apply to; assumption).
    unfold tilt, partition, weight. rewrite !Rmult_0_r. reflexivity.
Qed.
End Given.

(* Of two tokens: the share of one given both. *)
Lemma pair_share {A} (V : list A) p M y z alpha : law V p ->
  In y V -> In z V ->
  tilt V p M alpha z / (tilt V p M alpha y + tilt V p M alpha z) =
    p z / (p y * exp (alpha * (M y - M z)) + p z).
Proof.
  intros p_law y_in z_in. pose proof (law_nonempty V p p_law) as V_nonempty.
  destruct p_law as [p_positive _].
  pose proof (partition_ne V p M p_positive V_nonempty alpha).
  pose proof (p_positive y y_in). pose proof (p_positive z z_in).
  unfold tilt, weight.
  replace (alpha * M y) with (alpha * (M y - M z) + alpha * M z) by ring.
  rewrite exp_plus. pose proof (exp_pos (alpha * M z)) as e.
  assert (f : 0 < p y * exp (alpha * (M y - M z)))
    by (apply Rmult_lt_0_compat; [assumption|apply exp_pos]).
  pose proof (Rmult_lt_0_compat _ _ f e).
  pose proof (Rmult_lt_0_compat (p z) _ ltac:(assumption) e).
  field. repeat split; try assumption; lra.
Qed.

Lemma pair_increasing {A} (V : list A) p M y z : law V p ->
  In y V -> In z V ->
  (increasing (fun alpha =>
    tilt V p M alpha z / (tilt V p M alpha y + tilt V p M alpha z))
    <-> M y < M z).
Proof.
  intros p_law y_in z_in.
  pose proof (proj1 p_law y y_in). pose proof (proj1 p_law z z_in).
  assert (step : forall s t, s < t -> M y < M z ->
    p z / (p y * exp (s * (M y - M z)) + p z) <
    p z / (p y * exp (t * (M y - M z)) + p z)).
  { intros s t s_lt_t less.
    assert (E : exp (t * (M y - M z)) < exp (s * (M y - M z)))
      by (apply exp_increasing; nra).
    apply (Rmult_lt_compat_l (p y)) in E; [|assumption].
    assert (0 < p y * exp (t * (M y - M z)))
      by (apply Rmult_lt_0_compat; [assumption|apply exp_pos]).
    apply Rmult_lt_compat_l; [assumption|].
    apply Rinv_lt_contravar; [apply Rmult_lt_0_compat|]; lra. }
  split.
  - intros rising. destruct (Rlt_le_dec (M y) (M z)) as [less|more];
      [exact less|exfalso].
    specialize (rising 0 1 ltac:(lra)). cbv beta in rising.
    rewrite !pair_share in rising by assumption.
    rewrite Rmult_0_l, exp_0, Rmult_1_l in rising.
    assert (1 <= exp (M y - M z)).
    { rewrite <- exp_0. destruct more as [more|more];
        [left; apply exp_increasing; lra|right; f_equal; lra]. }
    assert (p z / (p y * exp (M y - M z) + p z) <= p z / (p y * 1 + p z)).
    { apply Rmult_le_compat_l; [lra|]. apply Rinv_le_contravar; nra. }
    rewrite Rmult_1_r in *. lra.
  - intros less s t s_lt_t. rewrite !pair_share by assumption.
    apply step; assumption.
Qed.

(* ---- Off the target, all fall together ---- *)

Section Together.
Context {A : Type}.
Variables (V : list A) (p M : A -> R) (T C : A -> bool).
Hypothesis p_law : law V p.
Hypothesis C_off : forall z, In z V -> C z = true -> T z = false.

Lemma mass_sum S alpha : mass V p M S alpha =
  sum (weight p M alpha) (members S V) / partition V p M alpha.
Proof. unfold mass, tilt. apply sum_div. Qed.

(* Products of sums, term by term. *)
Lemma weights_together range a b : ranges (members (outside T) V) M range ->
  sum (weight p M a) (members C V) *
    sum (weight p M b) (members (outside T) V) <=
  exp (Rabs (a - b) * range) * (sum (weight p M b) (members C V) *
    sum (weight p M a) (members (outside T) V)).
Proof.
  intros M_ranges. rewrite <- !sum_scal_r, <- sum_scal. apply sum_le.
  intros z z_in. rewrite <- !sum_scal. apply sum_le. intros y y_in.
  assert (z_off : In z (members (outside T) V)).
  { apply members_in in z_in. destruct z_in as [z_in Cz].
    apply outside_in. split; [exact z_in|]. apply C_off; assumption. }
  pose proof (proj1 p_law z (proj1 (proj1 (outside_in T V z) z_off))) as pz.
  pose proof (proj1 p_law y (proj1 (proj1 (outside_in T V y) y_in))) as py.
  unfold weight.
  replace (exp (Rabs (a - b) * range) *
      (p z * exp (b * M z) * (p y * exp (a * M y))))
    with (p z * p y * exp (Rabs (a - b) * range + (b * M z + a * M y)))
    by (rewrite !exp_plus; ring).
  replace (p z * exp (a * M z) * (p y * exp (b * M y)))
    with (p z * p y * exp (a * M z + b * M y)) by (rewrite exp_plus; ring).
  apply Rmult_le_compat_l; [left; apply Rmult_lt_0_compat; assumption|].
  assert (le : a * M z + b * M y <=
      Rabs (a - b) * range + (b * M z + a * M y)).
  { pose proof (M_ranges y z y_in z_off). pose proof (M_ranges z y z_off y_in).
    unfold Rabs. destruct (Rcase_abs (a - b)); nra. }
  destruct le as [less|equal]; [left; apply exp_increasing; exact less|].
  right. rewrite equal. reflexivity.
Qed.

Lemma off_mass alpha :
  1 - mass V p M T alpha = mass V p M (outside T) alpha.
Proof.
  pose proof (law_nonempty V p p_law) as V_nonempty.
  rewrite <- (tilt_sum V p M (proj1 p_law) V_nonempty alpha), (sum_split T _ V).
  unfold mass. ring.
Qed.

Lemma together range a b : ranges (members (outside T) V) M range ->
  mass V p M C a * (1 - mass V p M T b) <=
    exp (Rabs (a - b) * range) * (mass V p M C b * (1 - mass V p M T a)).
Proof.
  intros M_ranges. pose proof (law_nonempty V p p_law) as V_nonempty.
  pose proof (partition_pos V p M (proj1 p_law) V_nonempty a) as Za.
  pose proof (partition_pos V p M (proj1 p_law) V_nonempty b) as Zb.
  rewrite !off_mass, !mass_sum.
  pose proof (weights_together range a b M_ranges) as L.
  apply (Rmult_le_compat_l (/ partition V p M a * / partition V p M b)) in L.
  - unfold Rdiv. lra.
  - left. apply Rmult_lt_0_compat; apply Rinv_0_lt_compat; assumption.
Qed.
End Together.
