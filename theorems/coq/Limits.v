(* Proposition B.1: as alpha grows, all mass goes to the
   tokens of largest log-odds, at rate e^{-alpha gap}. *)
From Coq Require Import Reals List Lra Lia.
From Steering Require Import Definitions Sum Calculus Infinity Tilt.
Open Scope R_scope.

Section Limits.
Context {A : Type}.
Variables (V : list A) (p M : A -> R).
Hypothesis p_positive : positive V p.
Hypothesis V_nonempty : V <> nil.

Lemma level_true (f : A -> R) m z : level f m z = true <-> f z = m.
Proof. unfold level. destruct (Req_EM_T (f z) m); split; congruence. Qed.

Lemma level_false (f : A -> R) m z : level f m z = false <-> f z <> m.
Proof. unfold level. destruct (Req_EM_T (f z) m); split; congruence. Qed.

(* The tilt does not see a constant added to M: factor e^{alpha m} out. *)
Lemma weight_shift m alpha z :
  weight p M alpha z = exp (alpha * m) * weight p (fun y => M y - m) alpha z.
Proof.
  unfold weight.
  replace (alpha * M z) with (alpha * m + alpha * (M z - m)) by ring.
  rewrite exp_plus. ring.
Qed.

Lemma partition_shift m alpha :
  partition V p M alpha =
    exp (alpha * m) * partition V p (fun y => M y - m) alpha.
Proof.
  unfold partition. rewrite <- sum_scal.
  apply sum_ext; intros; apply weight_shift.
Qed.

Lemma tilt_shift m alpha z :
  tilt V p M alpha z = tilt V p (fun y => M y - m) alpha z.
Proof.
  unfold tilt. rewrite (weight_shift m), (partition_shift m). field. split.
  - apply partition_ne; assumption.
  - apply Rgt_not_eq, exp_pos.
Qed.

Section Top.
Variable m : R.
Hypothesis m_highest : highest V M m.

Notation S := (top_mass V p M m).

Lemma top_mass_pos : 0 < S.
Proof.
  destruct m_highest as [[z [z_in E]] _]. apply sum_pos.
  - apply members_nonempty.
    exists z; split; [exact z_in|apply level_true; exact E].
  - intros y y_in. apply p_positive. apply members_in in y_in. apply y_in.
Qed.

Lemma weight_limit z : In z V ->
  tends_plus (fun alpha => weight p (fun y => M y - m) alpha z) (if level M m z
    then p z else 0).
Proof.
  intros z_in. destruct (level M m z) eqn:E.
  - apply level_true in E.
    apply (tends_ext (fun _ => p z)); [|apply tends_const].
    intros x. unfold weight.
    replace (x * (M z - m)) with 0 by (rewrite E; ring). rewrite exp_0. ring.
  - apply level_false in E. rewrite <- (Rmult_0_r (p z)).
    apply tends_scal, tends_exp_negative.
    destruct m_highest as [_ M_below]. specialize (M_below z z_in). lra.
Qed.

Lemma tilt_limit z : In z V ->
  tends_plus (fun alpha => tilt V p M alpha z) (top_law V p M m z).
Proof.
  intros z_in.
  apply (tends_ext (fun alpha => tilt V p (fun y => M y - m) alpha z)).
  { intros x. symmetry. apply tilt_shift. }
  unfold top_law.
  replace (if level M m z then p z / S else 0)
    with ((if level M m z then p z else 0) / S).
  2: { destruct (level M m z); unfold Rdiv; ring. }
  apply tends_div.
  - apply Rgt_not_eq, top_mass_pos.
  - apply weight_limit; exact z_in.
  - unfold top_mass, members. rewrite sum_filter. apply tends_sum.
    intros; apply weight_limit; assumption.
Qed.

Lemma increase_limit z : In z V ->
  tends_plus (probability_increase V p M z) (top_law V p M m z - p z).
Proof. intros z_in. apply tends_minus_const, tilt_limit; exact z_in. Qed.

Lemma top_law_sum : sum (top_law V p M m) V = 1.
Proof.
  rewrite (sum_ext _ (fun z => (if level M m z then p z else 0) / S)).
  - rewrite sum_div, <- sum_filter. apply Rinv_r, Rgt_not_eq, top_mass_pos.
  - intros z _. unfold top_law. destruct (level M m z); unfold Rdiv; ring.
Qed.

Lemma mean_limit : tends_plus (mean V p M) m.
Proof.
  replace m with (sum (fun z => top_law V p M m z * M z) V).
  - apply (tends_sum (fun alpha z => tilt V p M alpha z * M z)). intros z z_in.
    apply tends_mult; [apply tilt_limit; exact z_in|apply tends_const].
  - rewrite (sum_ext _ (fun z => m * top_law V p M m z)).
    + rewrite sum_scal, top_law_sum. ring.
    + intros z _. unfold top_law. destruct (level M m z) eqn:E; [|ring].
      apply level_true in E. rewrite E. ring.
Qed.

Lemma mass_limit C :
  tends_plus (mass V p M C) (sum (top_law V p M m) (members C V)).
Proof.
  apply (tends_sum (tilt V p M)). intros z z_in. apply members_in in z_in.
  apply tilt_limit, z_in.
Qed.

(* ---- The rate: the rest weighs at most (1 - S) e^{-alpha gap} ---- *)

Section Rate.
Hypothesis p_sum : sum p V = 1.
Variable gap : R.
Hypothesis gap_below : forall z, In z V -> M z <> m -> M z <= m - gap.

Definition rest (alpha : R) : R :=
  sum (weight p (fun y => M y - m) alpha) (members (outside (level M m)) V).

Lemma rest_nonneg alpha : 0 <= rest alpha.
Proof.
  apply sum_nonneg. intros z z_in. apply outside_in in z_in. left.
  apply Rmult_lt_0_compat; [apply p_positive, z_in|apply exp_pos].
Qed.

Lemma rest_le alpha : 0 <= alpha -> rest alpha <= (1 - S) * exp (- alpha * gap).
Proof.
  intros alpha_nonneg.
  replace (1 - S) with (sum p (members (outside (level M m)) V)).
  2: { rewrite <- p_sum. rewrite (sum_split (level M m) p V). unfold top_mass.
       ring. }
  unfold rest. rewrite <- sum_scal_r. apply sum_le. intros z z_in.
  apply outside_in in z_in. destruct z_in as [z_in E].
  apply level_false in E.
  apply Rmult_le_compat_l; [left; apply p_positive; exact z_in|].
  specialize (gap_below z z_in E).
  assert (exponent : alpha * (M z - m) <= - alpha * gap) by nra.
  destruct exponent as [less|same];
    [left; apply exp_increasing; exact less|rewrite same; apply Rle_refl].
Qed.

Lemma partition_top alpha :
  partition V p M alpha = exp (alpha * m) * (S + rest alpha).
Proof.
  rewrite (partition_shift m). f_equal. unfold partition, rest.
  rewrite (sum_split (level M m)). f_equal. unfold top_mass. apply sum_ext.
  intros z z_in.
  apply members_in in z_in. destruct z_in as [_ E]. apply level_true in E.
  unfold weight.
  replace (alpha * (M z - m)) with 0 by (rewrite E; ring). rewrite exp_0. ring.
Qed.

Lemma tilt_top alpha z : M z = m -> tilt V p M alpha z = p z / (S + rest alpha).
Proof.
  intros E. unfold tilt. rewrite partition_top. unfold weight. rewrite E.
  pose proof top_mass_pos. pose proof (rest_nonneg alpha).
  pose proof (exp_pos (alpha * m)). field. split; lra.
Qed.

Lemma rest_ratio alpha : 0 <= alpha ->
  rest alpha / S <= (1 - S) / S * exp (- alpha * gap).
Proof.
  intros alpha_nonneg. pose proof top_mass_pos.
  pose proof (rest_le alpha alpha_nonneg). unfold Rdiv.
  rewrite (Rmult_comm (1 - S)), Rmult_assoc, (Rmult_comm (rest alpha)).
  apply Rmult_le_compat_l; [left; apply Rinv_0_lt_compat|]; assumption.
Qed.

(* Half the total variation is the mass that has not yet reached the top. *)
Lemma total_variation alpha :
  / 2 * sum (fun z => Rabs (tilt V p M alpha z - top_law V p M m z)) V =
    rest alpha / (S + rest alpha).
Proof.
  pose proof top_mass_pos as S_positive.
  pose proof (rest_nonneg alpha) as rest_nonneg.
  assert (F :
      sum (tilt V p M alpha) (members (level M m) V) = S / (S + rest alpha)).
  { unfold top_mass at 1. rewrite <- sum_div. apply sum_ext. intros z z_in.
    apply members_in in z_in. apply tilt_top, (level_true M m), z_in. }
  assert (N : sum (tilt V p M alpha) (members (outside (level M m)) V) =
      rest alpha / (S + rest alpha)).
  { pose proof (tilt_sum V p M p_positive V_nonempty alpha) as T.
    rewrite (sum_split (level M m)), F in T.
    replace (rest alpha / (S + rest alpha)) with (1 - S / (S + rest alpha))
      by (field; lra). lra. }
  rewrite (sum_split (level M m)).
  rewrite (sum_ext _ (fun z => top_law V p M m z - tilt V p M alpha z)
      (members (level M m) V)).
  2: { intros z z_in. apply members_in in z_in. destruct z_in as [z_in E].
       unfold top_law. rewrite E.
       apply level_true in E. rewrite (tilt_top alpha z E).
       pose proof (p_positive z z_in).
       assert (p z / (S + rest alpha) <= p z / S).
       { apply Rmult_le_compat_l; [lra|]. apply Rinv_le_contravar; lra. }
       rewrite Rabs_left1; lra. }
  rewrite (sum_ext _ (tilt V p M alpha) (members (outside (level M m)) V)).
  2: { intros z z_in. apply outside_in in z_in. destruct z_in as [z_in E].
       unfold top_law. rewrite E, Rminus_0_r.
       apply Rabs_right. left. apply tilt_pos; assumption. }
  rewrite sum_minus, F, N.
  assert (T : sum (top_law V p M m) (members (level M m) V) = 1).
  { rewrite <- top_law_sum. rewrite (sum_split (level M m) _ V).
    rewrite (sum_zero _ (members (outside (level M m)) V)); [ring|].
    intros z z_in. apply outside_in in z_in. unfold top_law.
    destruct z_in as [_ ->]. reflexivity. }
  rewrite T. field. lra.
Qed.

Lemma total_variation_rate alpha : 0 <= alpha ->
  / 2 * sum (fun z => Rabs (tilt V p M alpha z - top_law V p M m z)) V
  <= (1 - S) / S * exp (- alpha * gap).
Proof.
  intros alpha_nonneg. rewrite total_variation. pose proof top_mass_pos.
  pose proof (rest_nonneg alpha).
  apply Rle_trans with (rest alpha / S);
    [|apply rest_ratio; exact alpha_nonneg].
  apply Rmult_le_compat_l; [assumption|]. apply Rinv_le_contravar; lra.
Qed.

(* K is its asymptote plus a remainder: ln (S +
   rest) - ln S lies in [0, rest / S]. *)
Lemma log_partition_asymptote alpha : 0 <= alpha ->
  0 <= log_partition V p M alpha - (alpha * m + ln S) <=
    (1 - S) / S * exp (- alpha * gap).
Proof.
  intros alpha_nonneg. pose proof top_mass_pos as S_positive.
  pose proof (rest_nonneg alpha) as rest_nonneg.
  unfold log_partition.
  rewrite partition_top, ln_mult, ln_exp by (try apply exp_pos; lra). split.
  - destruct rest_nonneg as [rest_nonneg|rest_nonneg];
      [|rewrite <- rest_nonneg, Rplus_0_r; lra].
    assert (ln S < ln (S + rest alpha)) by (apply ln_increasing; lra). lra.
  - eapply Rle_trans; [|apply rest_ratio; exact alpha_nonneg].
    replace (S + rest alpha) with (S * (1 + rest alpha / S)) by (field; lra).
    assert (0 <= rest alpha / S)
      by (apply Rmult_le_pos; [lra|left; apply Rinv_0_lt_compat; lra]).
    rewrite ln_mult by lra. pose proof (exp_ineq1_le (rest alpha / S)) as X.
    assert (ln (1 + rest alpha / S) <= rest alpha / S).
    { rewrite <- (ln_exp (rest alpha / S)) at 2.
      destruct X as [X|X]; [left; apply ln_increasing; lra|].
      rewrite X. apply Rle_refl. }
    lra.
Qed.
End Rate.
End Top.
End Limits.

(* At minus infinity: the same statements for -M. *)
Section Bottom.
Context {A : Type}.
Variables (V : list A) (p M : A -> R).
Hypothesis p_positive : positive V p.
Hypothesis V_nonempty : V <> nil.

Lemma level_mirror m z : level (fun y => - M y) (- m) z = level M m z.
Proof.
  destruct (level M m z) eqn:E.
  - apply level_true in E. apply level_true. lra.
  - apply level_false in E. apply level_false. lra.
Qed.

Lemma top_mass_mirror m :
  top_mass V p (fun y => - M y) (- m) = top_mass V p M m.
Proof.
  unfold top_mass, members. rewrite !sum_filter.
  apply sum_ext; intros; rewrite level_mirror; reflexivity.
Qed.

Lemma top_law_mirror m z :
  top_law V p (fun y => - M y) (- m) z = top_law V p M m z.
Proof. unfold top_law. rewrite level_mirror, top_mass_mirror. reflexivity. Qed.

Variable m : R.
Hypothesis m_lowest : lowest V M m.

Lemma tilt_limit_minus z : In z V ->
  tends_minus (fun alpha => tilt V p M alpha z) (top_law V p M m z).
Proof.
  intros z_in. apply tends_mirror. rewrite <- top_law_mirror.
  apply (tends_ext (fun alpha => tilt V p (fun y => - M y) alpha z)).
  - intros; symmetry; apply tilt_mirror.
  - apply tilt_limit; try assumption. apply lowest_highest; exact m_lowest.
Qed.

Lemma increase_limit_minus z : In z V ->
  tends_minus (probability_increase V p M z) (top_law V p M m z - p z).
Proof.
  intros z_in. apply tends_mirror, tends_minus_const.
  apply (tends_mirror (fun alpha => tilt V p M alpha z)),
    tilt_limit_minus; exact z_in.
Qed.

Lemma total_variation_rate_minus gap alpha : sum p V = 1 ->
  (forall z, In z V -> M z <> m -> m + gap <= M z) -> alpha <= 0 ->
  / 2 * sum (fun z => Rabs (tilt V p M alpha z - top_law V p M m z)) V
  <= (1 - top_mass V p M m) / top_mass V p M m * exp (alpha * gap).
Proof.
  intros p_sum gap_above alpha_nonpos.
  pose proof (total_variation_rate V p (fun z => - M z) p_positive V_nonempty
      (- m) (proj1 (lowest_highest V M m) m_lowest) p_sum gap) as R.
  specialize (R ltac:(intros z z_in z_off; specialize (gap_above z z_in);
      assert (off : M z <> m) by (intros E; apply z_off; lra);
      specialize (gap_above off); lra) (- alpha) ltac:(lra)).
  rewrite top_mass_mirror, Ropp_involutive in R.
  rewrite (sum_ext _ (fun z => Rabs (tilt V p M alpha z - top_law V p M m z)))
    in R; [exact R|].
  intros z _. rewrite <- tilt_mirror, top_law_mirror, Ropp_involutive.
  reflexivity.
Qed.

Lemma mean_limit_minus : tends_minus (mean V p M) m.
Proof.
  apply tends_mirror. rewrite <- (Ropp_involutive m).
  apply (tends_ext (fun alpha => -1 * mean V p (fun y => - M y) alpha)).
  - intros; rewrite mean_mirror; ring.
  - replace (- - m) with (-1 * - m) by ring.
    apply tends_scal, mean_limit; try assumption.
    apply lowest_highest; exact m_lowest.
Qed.

Lemma mass_limit_minus C :
  tends_minus (mass V p M C) (sum (top_law V p M m) (members C V)).
Proof.
  apply tends_mirror. apply (tends_sum (fun x => tilt V p M (- x))).
  intros z z_in. apply members_in in z_in.
  apply (tends_mirror (fun alpha => tilt V p M alpha z)),
    tilt_limit_minus, z_in.
Qed.
End Bottom.

(* The mean increases from the smallest value of M to the largest. *)
Lemma mean_range {A} (V : list A) p M top bottom : positive V p -> V <> nil ->
  varies V M -> highest V M top -> lowest V M bottom ->
  increasing (mean V p M) /\
  tends_plus (mean V p M) top /\ tends_minus (mean V p M) bottom.
Proof.
  intros p_positive V_nonempty M_varies top_highest bottom_lowest.
  split; [apply mean_increasing; assumption|].
  split; [apply mean_limit|apply mean_limit_minus]; assumption.
Qed.
