(* Bounds on the cross-entropy increase for all alpha >=
   0: Hoeffding's, and an exponential one on each side. *)
From Coq Require Import Reals List Lra Lia.
From Steering Require Import Definitions Sum Calculus Infinity Tilt Limits Bump
  CrossEntropy.
Open Scope R_scope.

Section Bounds.
Context {A J : Type}.
Variables (V : list A) (js : list J) (w : J -> R) (p : J -> A -> R) (M : A -> R)
  (range : R).
Hypothesis p_laws : laws V js p.
Hypothesis w_weights : weights js w.
Hypothesis M_ranges : ranges V M range.

Notation increase := (cross_entropy_increase V js w p M).

Lemma hoeffding alpha : 0 <= alpha ->
  increase alpha <= alpha ^ 2 * range ^ 2 / 8.
Proof.
  intros alpha_nonneg. apply difference_le.
  apply (nonneg_twice (fun x => x ^ 2 * range ^ 2 / 8 - increase x)
      (fun x => range ^ 2 / 4 * x - slope V js w p M x)
      (fun x => range ^ 2 / 4 - pooled_variance V js w p M x)).
  - intros x. apply derivable_minus; [|apply increase_derivative; assumption].
    apply (derivable_ext (fun t => range ^ 2 / 8 * t ^ 2)); [intros; field|].
    eapply derivable_value; [apply derivable_scal, derivable_power|]. simpl.
    field.
  - intros x.
    apply derivable_minus;
      [apply derivable_linear|apply slope_derivative; assumption].
  - rewrite increase_zero by assumption. lra.
  - rewrite slope_zero. lra.
  - intros c _. apply le_difference.
    rewrite <- (pooled_const js w w_weights (range ^ 2 / 4)).
    apply pooled_le; [exact w_weights|]. intros j j_in.
    apply variance_le; [apply (js_positive V js p p_laws j j_in)
        |apply (V_nonempty V js w p p_laws w_weights)|exact M_ranges].
  - exact alpha_nonneg.
Qed.

Lemma pooled_third_le alpha : Rabs (pooled_third V js w p M alpha) <=
    range * pooled_variance V js w p M alpha.
Proof.
  unfold pooled_third. eapply Rle_trans; [apply sum_abs|].
  unfold pooled_variance. rewrite <- sum_scal.
  apply sum_le. intros j j_in.
  assert (0 < w j) by (apply w_weights; exact j_in).
  rewrite Rabs_mult, (Rabs_right (w j)) by lra.
  replace (range * (w j * variance V (p j) M alpha))
    with (w j * (range * variance V (p j) M alpha)) by ring.
  apply Rmult_le_compat_l; [lra|].
  apply third_le_variance; [apply (js_positive V js p p_laws j j_in)
      |apply (V_nonempty V js w p p_laws w_weights)|exact M_ranges].
Qed.

(* Var' >= -range Var, so Var e^{range alpha} never
   decreases; likewise Var e^{-range alpha} never grows. *)
Lemma variance_growth c alpha : 0 <= alpha -> c = range \/ c = - range ->
  0 <= c * (pooled_variance V js w p M alpha * exp (alpha * c)
    - pooled_variance V js w p M 0).
Proof.
  intros alpha_nonneg c_sign. set (s := pooled_variance V js w p M).
  pose proof (nonneg_grows (fun x => c * (s x * exp (x * c)))
      (fun x => c * (pooled_third V js w p M x * exp (x * c)
      + s x * (c * exp (x * c))))) as G.
  assert (0 <= range)
    by (apply (ranges_nonneg V M (V_nonempty V js w p p_laws w_weights));
      exact M_ranges).
  specialize (G ltac:(intros x;
      apply derivable_scal, (derivable_mult s (fun t => exp (t * c)));
      [apply pooled_variance_derivative; assumption|apply derivable_exp_scal])).
  assert (P : forall x, 0 < x -> 0 <=
      c * (pooled_third V js w p M x * exp (x * c) + s x * (c * exp (x * c)))).
  { intros x _.
    replace (c *
        (pooled_third V js w p M x * exp (x * c) + s x * (c * exp (x * c))))
      with (c * (pooled_third V js w p M x + c * s x) * exp (x * c)) by ring.
    apply Rmult_le_pos; [|left; apply exp_pos].
    pose proof (pooled_third_le x) as B. fold (s x) in B. apply abs_bounds in B.
    destruct c_sign as [->| ->]; nra. }
  specialize (G P alpha alpha_nonneg). cbv beta in G.
  rewrite Rmult_0_l, exp_0 in G. fold (s 0). lra.
Qed.

Lemma variance_upper alpha : 0 <= alpha -> 0 < range ->
  pooled_variance V js w p M alpha <=
    pooled_variance V js w p M 0 * exp (alpha * range).
Proof.
  intros alpha_nonneg range_positive.
  pose proof (variance_growth (- range) alpha alpha_nonneg (or_intror eq_refl))
    as G. apply (Rmult_le_reg_r (exp (alpha * - range))); [apply exp_pos|].
  rewrite Rmult_assoc, <- exp_plus.
  replace (alpha * range + alpha * - range) with 0 by ring. rewrite exp_0. nra.
Qed.

Lemma variance_lower alpha : 0 <= alpha -> 0 < range ->
  pooled_variance V js w p M 0 * exp (alpha * - range) <=
    pooled_variance V js w p M alpha.
Proof.
  intros alpha_nonneg range_positive.
  pose proof (variance_growth range alpha alpha_nonneg (or_introl eq_refl))
    as G. apply (Rmult_le_reg_r (exp (alpha * range))); [apply exp_pos|].
  rewrite Rmult_assoc, <- exp_plus.
  replace (alpha * - range + alpha * range) with 0 by ring. rewrite exp_0. nra.
Qed.

(* The function with second derivative s e^{cx} and a double zero at 0. *)
Lemma profile_derivatives s c x : c <> 0 ->
  derivable_pt_lim (fun t => s * (exp (t * c) - c * t - 1) / c ^ 2) x
    (s * (exp (x * c) - 1) / c) /\
  derivable_pt_lim (fun t => s * (exp (t * c) - 1) / c) x (s * exp (x * c)).
Proof.
  intros c_nonzero. split.
  - apply (derivable_ext (fun t => s / c ^ 2 * (exp (t * c) - (c * t + 1))));
      [intros; field; exact c_nonzero|]. eapply derivable_value.
    + apply derivable_scal, derivable_minus; [apply derivable_exp_scal|].
      apply derivable_plus;
        [apply derivable_linear|apply derivable_pt_lim_const].
    + field; exact c_nonzero.
  - apply (derivable_ext (fun t => s / c * (exp (t * c) - 1)));
      [intros; field; exact c_nonzero|]. eapply derivable_value.
    + apply derivable_scal, derivable_minus;
        [apply derivable_exp_scal|apply derivable_pt_lim_const].
    + field; exact c_nonzero.
Qed.

Lemma exponential_upper alpha : 0 <= alpha -> 0 < range ->
  increase alpha <= pooled_variance V js w p M 0 *
    (exp (alpha * range) - range * alpha - 1) / range ^ 2.
Proof.
  intros alpha_nonneg range_positive. set (s := pooled_variance V js w p M 0).
  apply difference_le.
  apply (nonneg_twice
      (fun x => s * (exp (x * range) - range * x - 1) / range ^ 2 - increase x)
      (fun x => s * (exp (x * range) - 1) / range - slope V js w p M x)
      (fun x => s * exp (x * range) - pooled_variance V js w p M x)).
  - intros x.
    apply derivable_minus;
      [apply profile_derivatives; lra|apply increase_derivative; assumption].
  - intros x.
    apply derivable_minus;
      [apply profile_derivatives; lra|apply slope_derivative; assumption].
  - rewrite increase_zero by assumption; rewrite Rmult_0_l, exp_0. right. field.
    lra.
  - rewrite slope_zero, Rmult_0_l, exp_0. right. field. lra.
  - intros c c_positive. apply le_difference, variance_upper; lra.
  - exact alpha_nonneg.
Qed.

Lemma exponential_lower alpha : 0 <= alpha -> 0 < range ->
  pooled_variance V js w p M 0 * (exp (alpha * - range) - - range * alpha - 1) /
    range ^ 2 <= increase alpha.
Proof.
  intros alpha_nonneg range_positive. set (s := pooled_variance V js w p M 0).
  replace (range ^ 2) with ((- range) ^ 2) by ring. apply difference_le.
  apply (nonneg_twice (fun x => increase x
      - s * (exp (x * - range) - - range * x - 1) / (- range) ^ 2)
      (fun x => slope V js w p M x - s * (exp (x * - range) - 1) / - range)
      (fun x => pooled_variance V js w p M x - s * exp (x * - range))).
  - intros x.
    apply derivable_minus;
      [apply increase_derivative; assumption|apply profile_derivatives; lra].
  - intros x.
    apply derivable_minus;
      [apply slope_derivative; assumption|apply profile_derivatives; lra].
  - rewrite increase_zero by assumption; rewrite Rmult_0_l, exp_0. right. field.
    lra.
  - rewrite slope_zero, Rmult_0_l, exp_0. right. field. lra.
  - intros c c_positive. apply le_difference, variance_lower; lra.
  - exact alpha_nonneg.
Qed.
End Bounds.

(* ---- For alpha of either sign ---- *)

Section EitherSign.
Context {A J : Type}.
Variables (V : list A) (js : list J) (w : J -> R) (p : J -> A -> R)
  (M : A -> R).
Hypothesis p_laws : laws V js p.
Hypothesis w_weights : weights js w.

Notation increase := (cross_entropy_increase V js w p M).
Notation sigma2 := (pooled_variance V js w p M 0).

Lemma upper_bounds : forall range, ranges V M range -> 0 < range ->
  forall alpha,
  increase alpha <= alpha ^ 2 * range ^ 2 / 8 /\
  increase alpha <=
    sigma2 * (exp (range * Rabs alpha) - range * Rabs alpha - 1) / range ^ 2.
Proof.
  intros range M_ranges range_positive alpha.
  destruct (either_sign V js w p M alpha) as [M' [_ [E [Ev Er]]]]. rewrite E.
  split.
  - replace (alpha ^ 2) with (Rabs alpha ^ 2) by apply pow2_abs.
    exact (hoeffding V js w p M' range p_laws w_weights (Er range M_ranges)
        (Rabs alpha) (Rabs_pos alpha)).
  - pose proof (exponential_upper V js w p M' range p_laws w_weights
        (Er range M_ranges) (Rabs alpha) (Rabs_pos alpha) range_positive) as B.
    rewrite Ev, (Rmult_comm (Rabs alpha)) in B. exact B.
Qed.

Lemma lower_bounds : forall range, ranges V M range -> 0 < range ->
  forall alpha,
  sigma2 * (exp (- (range * Rabs alpha)) + range * Rabs alpha - 1) / range ^ 2
    <= increase alpha.
Proof.
  intros range M_ranges range_positive alpha.
  destruct (either_sign V js w p M alpha) as [M' [_ [E [Ev Er]]]]. rewrite E.
  pose proof (exponential_lower V js w p M' range p_laws w_weights
      (Er range M_ranges) (Rabs alpha) (Rabs_pos alpha) range_positive) as B.
  rewrite Ev in B.
  replace (- (range * Rabs alpha)) with (Rabs alpha * - range) by ring.
  replace (range * Rabs alpha) with (- (- range * Rabs alpha)) by ring. exact B.
Qed.
End EitherSign.
