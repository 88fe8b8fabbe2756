(* The reverse divergence KL(p_alpha || p) grows,
   but saturates at -log of the top tokens' mass. *)
From Coq Require Import Reals List Lra Lia.
From Steering Require Import Definitions Sum Calculus Infinity Tilt Limits
  Bump Bennett.
Open Scope R_scope.

(* x e^{cx} -> 0 for c < 0, because e^y >= y^2 / 2. *)
Lemma tends_linear_exp c : c < 0 -> tends_plus (fun x => x * exp (x * c)) 0.
Proof.
  intros c_negative eps eps_positive.
  assert (C2 : 0 < c ^ 2) by (apply square_pos; lra).
  assert (B : 0 < 2 / (c ^ 2 * eps))
    by (apply Rdiv_lt_0_compat; [lra|apply Rmult_lt_0_compat; lra]).
  exists (2 / (c ^ 2 * eps)). intros x x_far. assert (X : 0 < x) by lra.
  rewrite Rminus_0_r, Rabs_right
    by (left; apply Rmult_lt_0_compat; [exact X|apply exp_pos]).
  assert (P : 0 < x * - c) by (apply Rmult_lt_0_compat; lra).
  pose proof (phi_right (x * - c) ltac:(lra)) as Q. unfold phi in Q.
  assert (E : exp (x * c) = / exp (x * - c))
    by (rewrite <- exp_Ropp; f_equal; ring). rewrite E.
  assert (L : / 2 * (x * - c) ^ 2 < exp (x * - c)) by lra.
  pose proof (exp_pos (x * - c)) as Ep.
  apply (Rmult_lt_reg_r (exp (x * - c))); [exact Ep|].
  rewrite Rmult_assoc, Rinv_l by lra.
  assert (L2 : 2 < x * (c ^ 2 * eps)).
  { replace 2 with (2 / (c ^ 2 * eps) * (c ^ 2 * eps)) by (field; lra).
    apply Rmult_lt_compat_r; [apply Rmult_lt_0_compat|]; lra. }
  apply Rle_lt_trans with (eps * (/ 2 * (x * - c) ^ 2));
    [|apply Rmult_lt_compat_l; assumption].
  replace (eps * (/ 2 * (x * - c) ^ 2))
    with (x * (/ 2 * (x * (c ^ 2 * eps)))) by ring.
  apply Rmult_le_compat_l; lra.
Qed.

Section Reverse.
Context {A : Type}.
Variables (V : list A) (p M : A -> R).
Hypothesis p_law : law V p.

Notation E := (mean V p M).
Notation K := (log_partition V p M).
Notation reverse := (fun alpha => KL V (tilt V p M alpha) p).

Let p_positive : positive V p := proj1 p_law.
Let V_nonempty : V <> nil := law_nonempty V p p_law.

Lemma reverse_cumulant alpha : reverse alpha = alpha * E alpha - K alpha.
Proof.
  unfold KL.
  rewrite (sum_ext _ (fun z => alpha * (tilt V p M alpha z * M z)
      - K alpha * tilt V p M alpha z)).
  - rewrite sum_minus, !sum_scal, tilt_sum by assumption. unfold mean, expect.
    ring.
  - intros z z_in. pose proof (p_positive z z_in).
    replace (tilt V p M alpha z / p z) with (exp (alpha * M z - K alpha)).
    + rewrite ln_exp. ring.
    + rewrite tilt_log by assumption. field. lra.
Qed.

Lemma reverse_derivative alpha :
  derivable_pt_lim reverse alpha (alpha * variance V p M alpha).
Proof.
  apply (derivable_ext (fun t => t * E t - K t));
    [intros; symmetry; apply reverse_cumulant|]. eapply derivable_value.
  - apply derivable_minus; [|apply log_partition_derivative; assumption].
    apply (derivable_mult (fun t => t) E);
      [apply derivable_pt_lim_id|apply mean_derivative; assumption].
  - ring.
Qed.

Lemma reverse_grows x y : varies V M -> 0 <= x -> x < y ->
  reverse x < reverse y.
Proof.
  intros M_varies x_nonneg x_lt_y.
  apply (increasing_between _ _ reverse_derivative 0 y); try lra.
  intros c c_between.
  apply Rmult_lt_0_compat; [lra|apply variance_pos; assumption].
Qed.

Variable top : R.
Hypothesis top_highest : highest V M top.

Lemma reverse_limit : tends_plus reverse (- ln (top_mass V p M top)).
Proof.
  set (S := top_mass V p M top).
  assert (S_positive : 0 < S) by (apply top_mass_pos; assumption).
  assert (Zlim : tends_plus (partition V p (fun y => M y - top)) S).
  { unfold S, top_mass, members. rewrite sum_filter.
    apply (tends_sum (weight p (fun y => M y - top))). intros z z_in.
    apply weight_limit with (V := V); assumption. }
  assert (First : tends_plus
      (fun x => sum (fun z => x * tilt V p M x z * (M z - top)) V) 0).
  { rewrite <- (sum_zero (fun _ : A => 0) V) by reflexivity.
    apply (tends_sum (fun x z => x * tilt V p M x z * (M z - top))).
    intros z z_in. destruct (proj2 top_highest z z_in) as [L|L].
    - replace 0 with (0 / S * (M z - top)) by (field; lra).
      apply tends_mult; [|apply tends_const].
      apply (tends_ext (fun x => p z * (x * exp (x * (M z - top))) /
          partition V p (fun y => M y - top) x)).
      + intros x. rewrite (tilt_shift V p M p_positive V_nonempty top).
        unfold tilt, weight. unfold Rdiv. ring.
      + apply tends_div; [lra| |exact Zlim]. rewrite <- (Rmult_0_r (p z)).
        apply tends_scal, tends_linear_exp. lra.
    - apply (tends_ext (fun _ => 0));
        [intros; rewrite L; ring|apply tends_const]. }
  apply (tends_ext (fun x => sum (fun z => x * tilt V p M x z * (M z - top)) V
      + -1 * ln (partition V p (fun y => M y - top) x))).
  - intros x. rewrite reverse_cumulant. unfold log_partition.
    rewrite (partition_shift V p M top).
    rewrite ln_mult, ln_exp
      by (try apply exp_pos; apply partition_pos; assumption).
    rewrite (sum_ext _ (fun z => x * (tilt V p M x z * M z)
        - x * top * tilt V p M x z)) by (intros; ring).
    rewrite sum_minus, !sum_scal, tilt_sum by assumption. unfold mean, expect.
    ring.
  - replace (- ln S) with (0 + -1 * ln S) by ring.
    apply tends_plus_sum; [exact First|].
    apply tends_scal, (tends_compose _ ln); [exact Zlim|].
    apply derivable_continuous_pt. exists (/ S).
    apply derivable_pt_lim_ln; exact S_positive.
Qed.

(* It increases to its limit, so it stays below: a
   budget above the limit is never spent. *)
Lemma reverse_below alpha : varies V M -> 0 <= alpha ->
  reverse alpha < - ln (top_mass V p M top).
Proof.
  intros M_varies alpha_nonneg.
  destruct (Rlt_le_dec (reverse alpha) (- ln (top_mass V p M top))) as [L|L];
    [exact L|exfalso].
  pose proof
    (reverse_grows alpha (alpha + 1) M_varies alpha_nonneg ltac:(lra)) as G.
  set (s := - ln (top_mass V p M top)) in *.
  destruct (reverse_limit (reverse (alpha + 1) - s))
    as [b reverse_near]; [lra|]. fold s in reverse_near.
  set (x := Rmax b (alpha + 1) + 1). pose proof (Rmax_l b (alpha + 1)).
  pose proof (Rmax_r b (alpha + 1)).
  specialize (reverse_near x ltac:(unfold x; lra)).
  apply Rabs_def2 in reverse_near.
  pose proof
    (reverse_grows (alpha + 1) x M_varies ltac:(lra) ltac:(unfold x; lra)). lra.
Qed.
Lemma reverse_saturates : varies V M ->
  (forall alpha, reverse alpha = alpha * E alpha - K alpha) /\
  (forall x y, 0 <= x -> x < y -> reverse x < reverse y) /\
  (forall alpha, 0 <= alpha -> reverse alpha < - ln (top_mass V p M top)) /\
  tends_plus reverse (- ln (top_mass V p M top)).
Proof.
  intros M_varies. split; [exact reverse_cumulant|].
  split; [intros x y; exact (reverse_grows x y M_varies)|].
  split; [intros alpha;
      exact (reverse_below alpha M_varies)|exact reverse_limit].
Qed.

End Reverse.
