(* How far the increase is from its parabola (small
   alpha) and from its asymptote (large alpha). *)
From Coq Require Import Reals List Lra Lia.
From Steering Require Import Definitions Sum Calculus Infinity Tilt Limits Bump
  CrossEntropy.
Open Scope R_scope.

(* ---- The third central moment is at most range^3 / (6 sqrt 3) ---- *)

Lemma sqrt3 : 0 < sqrt 3 /\ sqrt 3 * sqrt 3 = 3.
Proof. split; [apply sqrt_lt_R0; lra|apply sqrt_sqrt; lra]. Qed.

Definition third_bound (range : R) : R := range ^ 3 / (6 * sqrt 3).

(* The extreme two-point distribution on {-u, v}; with t =
   v - u this is (t - R/sqrt 3)^2 (t + 2R/sqrt 3) >= 0. *)
Lemma two_point_bound u v : 0 <= u -> u <= v ->
  u * v * (v - u) <= third_bound (u + v).
Proof.
  intros u_nonneg u_le_v. unfold third_bound. destruct sqrt3 as [S0 S2].
  set (s := sqrt 3) in *. apply (Rmult_le_reg_r (6 * s)); [lra|].
  replace ((u + v) ^ 3 / (6 * s) * (6 * s)) with ((u + v) ^ 3) by (field; lra).
  set (R0 := u + v). set (tau := s * (v - u)).
  assert (0 <= tau) by (apply Rmult_le_pos; lra).
  assert (0 <= R0) by (unfold R0; lra).
  assert (Q : 0 <= (tau - R0) ^ 2 * (tau + 2 * R0))
    by (apply Rmult_le_pos; [apply pow2_ge_0|lra]).
  assert (T3 : tau ^ 3 = 3 * s * (v - u) ^ 3) by (unfold tau;
      replace ((s * (v - u)) ^ 3) with (s * s * s * (v - u) ^ 3) by ring;
      rewrite S2; ring).
  assert (X : 2 * (u * v * (v - u) * (6 * s)) = 3 * tau * R0 ^ 2 - tau ^ 3).
  { rewrite T3. unfold tau, R0. ring. }
  replace ((tau - R0) ^ 2 * (tau + 2 * R0))
    with (tau ^ 3 - 3 * tau * R0 ^ 2 + 2 * R0 ^ 3) in Q by ring. lra.
Qed.

Lemma one_sided_bound u v : 0 <= u -> 0 <= v -> v <= 2 * u ->
  v ^ 3 / 4 <= third_bound (u + v).
Proof.
  intros u_nonneg v_nonneg v_le_2u. unfold third_bound.
  destruct sqrt3 as [S0 S2]. set (s := sqrt 3) in *.
  apply (Rmult_le_reg_r (6 * s)); [lra|].
  replace ((u + v) ^ 3 / (6 * s) * (6 * s)) with ((u + v) ^ 3) by (field; lra).
  assert (s <= 9 / 4) by nra.
  apply Rle_trans with ((3 / 2 * v) ^ 3); [|apply pow_incr; lra].
  assert (0 <= v ^ 3) by (apply pow_le; exact v_nonneg).
  replace ((3 / 2 * v) ^ 3) with (27 / 8 * v ^ 3) by field. nra.
Qed.

Section Third.
Context {A : Type}.
Variables (V : list A) (p : A -> R).
Hypothesis p_positive : positive V p.
Hypothesis V_nonempty : V <> nil.

(* Majorise y^3 by a line: its chord from -u to v, or
   its tangent at -v/2 through v; the mean of y is 0. *)
Lemma third_upper M alpha range : ranges V M range ->
  moment V p M alpha 3 <= third_bound range.
Proof.
  intros M_ranges.
  destruct (ranges_interval V M V_nonempty range M_ranges) as [lo M_between].
  set (m := mean V p M alpha).
  assert (m_between : lo <= m <= lo + range).
  { split; [apply mean_ge|apply mean_le]; try assumption; intros z z_in;
      apply M_between; exact z_in. }
  set (u := m - lo). set (v := lo + range - m).
  assert (u_nonneg : 0 <= u) by (unfold u; lra).
  assert (v_nonneg : 0 <= v) by (unfold v; lra).
  replace range with (u + v) by (unfold u, v; ring).
  assert (L : forall c e, (forall z, In z V ->
      (M z - m) ^ 3 <= c * (M z - m) ^ 1 + e) -> moment V p M alpha 3 <= e).
  { intros c e B.
    apply Rle_trans with (expect V p M alpha (fun z => c * (M z - m) ^ 1 + e)).
    - unfold moment. fold m. apply expect_le; assumption.
    - rewrite expect_plus, expect_scal, expect_const by assumption.
      change (expect V p M alpha (fun z => (M z - m) ^ 1))
        with (moment V p M alpha 1). rewrite moment_one by assumption. lra. }
  assert (I : forall z, In z V -> - u <= M z - m <= v)
    by (intros z z_in; specialize (M_between z z_in); unfold u, v; lra).
  destruct (Rle_lt_dec v (2 * u)) as [C|C].
  - eapply Rle_trans; [|apply one_sided_bound; assumption].
    apply (L (3 / 4 * v ^ 2)). intros z z_in. specialize (I z z_in).
    set (y := M z - m) in *.
    assert (0 <= (v - y) * (y + v / 2) ^ 2)
      by (apply Rmult_le_pos; [lra|apply pow2_ge_0]).
    replace (y ^ 3) with (3 / 4 * v ^ 2 * y ^ 1 + v ^ 3 / 4
        - (v - y) * (y + v / 2) ^ 2) by field. lra.
  - eapply Rle_trans; [|apply two_point_bound; lra].
    apply (L (u ^ 2 - u * v + v ^ 2)). intros z z_in. specialize (I z z_in).
    set (y := M z - m) in *.
    assert (0 <= (y + u) * (v - y) * (y + v - u))
      by (repeat apply Rmult_le_pos; lra).
    replace (y ^ 3) with ((u ^ 2 - u * v + v ^ 2) * y ^ 1 + u * v * (v - u)
        - (y + u) * (v - y) * (y + v - u)) by ring. lra.
Qed.
End Third.

Lemma third_mirror {A} (V : list A) p M alpha :
  moment V p M alpha 3 = - moment V p (fun z => - M z) (- alpha) 3.
Proof.
  unfold moment, expect. rewrite <- sum_opp. apply sum_ext. intros z _.
  replace alpha with (- - alpha) at 1 2 by ring.
  rewrite tilt_mirror, mean_mirror. ring.
Qed.

Lemma third_abs {A} (V : list A) p M alpha range : positive V p -> V <> nil ->
  ranges V M range ->
  Rabs (moment V p M alpha 3) <= third_bound range.
Proof.
  intros p_positive V_nonempty M_ranges. apply Rabs_le.
  split; [|apply third_upper; assumption].
  rewrite third_mirror. apply Ropp_le_contravar, third_upper; try assumption.
  apply ranges_mirror; exact M_ranges.
Qed.

Section Remainder.
Context {A J : Type}.
Variables (V : list A) (js : list J) (w : J -> R) (p : J -> A -> R) (M : A -> R)
  (range : R).
Hypothesis p_laws : laws V js p.
Hypothesis w_weights : weights js w.
Hypothesis M_ranges : ranges V M range.

Notation increase := (cross_entropy_increase V js w p M).
Notation variance0 := (pooled_variance V js w p M 0).

Lemma pooled_third_bound alpha :
  Rabs (pooled_third V js w p M alpha) <= third_bound range.
Proof.
  unfold pooled_third. eapply Rle_trans; [apply sum_abs|].
  rewrite <- (pooled_const js w w_weights (third_bound range)).
  apply sum_le. intros j j_in.
  assert (0 < w j) by (apply w_weights; exact j_in).
  rewrite Rabs_mult, (Rabs_right (w j)) by lra. apply Rmult_le_compat_l; [lra|].
  apply third_abs; [apply (js_positive V js p p_laws j j_in)
      |apply (V_nonempty V js w p p_laws w_weights)|exact M_ranges].
Qed.

Lemma cubic_derivatives B c x :
  derivable_pt_lim
    (fun t => B / 6 * t ^ 3 - c * (increase t - / 2 * variance0 * t ^ 2)) x
    (B / 2 * x ^ 2 - c * (slope V js w p M x - variance0 * x)) /\
  derivable_pt_lim
    (fun t => B / 2 * t ^ 2 - c * (slope V js w p M t - variance0 * t)) x
    (B * x - c * (pooled_variance V js w p M x - variance0)) /\
  derivable_pt_lim
    (fun t => B * t - c * (pooled_variance V js w p M t - variance0)) x
    (B - c * pooled_third V js w p M x).
Proof.
  repeat split.
  - apply derivable_minus.
    + eapply derivable_value;
        [apply derivable_scal, derivable_power|simpl; field].
    + apply derivable_scal, derivable_minus;
        [apply increase_derivative; assumption|].
      eapply derivable_value;
        [apply derivable_scal, derivable_power|simpl; field].
  - apply derivable_minus.
    + eapply derivable_value;
        [apply derivable_scal, derivable_power|simpl; field].
    + apply derivable_scal, derivable_minus;
        [apply slope_derivative; assumption|apply derivable_linear].
  - apply derivable_minus; [apply derivable_linear|].
    apply derivable_scal. eapply derivable_value.
    + apply derivable_minus; [apply pooled_variance_derivative;
          assumption|apply derivable_pt_lim_const].
    + ring.
Qed.

(* Three zero derivatives at 0 and a bounded third one. *)
Lemma cubic_remainder alpha : 0 <= alpha ->
  Rabs (increase alpha - / 2 * variance0 * alpha ^ 2) <=
    third_bound range / 6 * alpha ^ 3.
Proof.
  intros alpha_nonneg.
  assert (G : forall c, c = 1 \/ c = -1 -> 0 <= third_bound range / 6 * alpha ^
      3 - c * (increase alpha - / 2 * variance0 * alpha ^ 2)).
  { intros c c_sign.
    eapply (nonneg_thrice _ _ _ _
        (fun x => proj1 (cubic_derivatives (third_bound range) c x))
        (fun x => proj1 (proj2 (cubic_derivatives (third_bound range) c x)))
        (fun x => proj2 (proj2 (cubic_derivatives (third_bound range) c x))));
      [| | | |exact alpha_nonneg].
    - rewrite increase_zero by assumption. right. ring.
    - rewrite slope_zero. right. ring.
    - right. ring.
    - intros x _. pose proof (pooled_third_bound x) as B. apply abs_bounds in B.
      destruct c_sign as [->| ->]; lra. }
  pose proof (G 1 (or_introl eq_refl)). pose proof (G (-1) (or_intror eq_refl)).
  apply Rabs_le. lra.
Qed.

(* ---- The asymptote ---- *)

Lemma asymptote top gap alpha : highest V M top ->
  (forall z, In z V -> M z <> top -> M z <= top - gap) -> 0 <= alpha ->
  0 <=
    increase alpha - (alpha * sum (fun j => w j * (top - mean V (p j) M 0)) js
                         + sum (fun j => w j * ln (top_mass V (p j) M top)) js)
  <= sum (fun j => w j * ((1 - top_mass V (p j) M top) /
      top_mass V (p j) M top)) js * exp (- alpha * gap).
Proof.
  intros top_highest gap_below alpha_nonneg.
  pose proof (V_nonempty V js w p p_laws w_weights) as V_nonempty.
  rewrite increase_cumulant by assumption.
  rewrite <- sum_scal, <- sum_plus, <- sum_minus, <- sum_scal_r.
  assert (B : forall j, In j js -> _) by (intros j j_in; exact
      (log_partition_asymptote V (p j) M (js_positive V js p p_laws j j_in) top
      top_highest (proj2 (p_laws j j_in)) gap gap_below alpha alpha_nonneg)).
  cbv beta in B. split.
  - apply sum_nonneg. intros j j_in. specialize (B j j_in).
    assert (0 < w j) by (apply w_weights; exact j_in).
    match goal with |- 0 <= ?e => replace e with (w j * (log_partition V (p j) M
        alpha - (alpha * top + ln (top_mass V (p j) M top)))) by ring end.
    apply Rmult_le_pos; lra.
  - apply sum_le. intros j j_in. specialize (B j j_in).
    assert (0 < w j) by (apply w_weights; exact j_in).
    match goal with |- ?e <= _ => replace e with (w j * (log_partition V (p j) M
        alpha - (alpha * top + ln (top_mass V (p j) M top)))) by ring end.
    rewrite Rmult_assoc. apply Rmult_le_compat_l; lra.
Qed.
End Remainder.

(* ---- For alpha of either sign ---- *)

Section EitherSign.
Context {A J : Type}.
Variables (V : list A) (js : list J) (w : J -> R) (p : J -> A -> R)
  (M : A -> R).
Hypothesis p_laws : laws V js p.
Hypothesis w_weights : weights js w.

Notation increase := (cross_entropy_increase V js w p M).
Notation sigma2 := (pooled_variance V js w p M 0).

Lemma loss_remainder_bound : forall range, ranges V M range -> forall alpha,
  Rabs (increase alpha - / 2 * sigma2 * alpha ^ 2) <=
    range ^ 3 * Rabs alpha ^ 3 / (36 * sqrt 3).
Proof.
  intros range M_ranges alpha.
  destruct (either_sign V js w p M alpha) as [M' [_ [E [Ev Er]]]]. rewrite E.
  pose proof (cubic_remainder V js w p M' range p_laws w_weights
      (Er range M_ranges) (Rabs alpha) (Rabs_pos alpha)) as B.
  rewrite Ev, pow2_abs in B. eapply Rle_trans; [exact B|]. right.
  unfold third_bound.
  assert (0 < sqrt 3) by (apply sqrt_lt_R0; lra). field. lra.
Qed.

Lemma asymptote_minus : forall bottom gap, lowest V M bottom ->
  (forall z, In z V -> M z <> bottom -> bottom + gap <= M z) ->
  forall alpha, alpha <= 0 ->
  0 <= increase alpha
       - (alpha * sum (fun j => w j * (bottom - mean V (p j) M 0)) js
          + sum (fun j => w j * ln (top_mass V (p j) M bottom)) js)
    <= sum (fun j =>
         w j * ((1 - top_mass V (p j) M bottom) / top_mass V (p j) M bottom)) js
       * exp (alpha * gap).
Proof.
  intros bottom gap bottom_lowest gap_above alpha alpha_nonpos.
  assert (mirror_gap : forall z, In z V -> - M z <> - bottom ->
      - M z <= - bottom - gap).
  { intros z z_in Ne. assert (Ne' : M z <> bottom) by lra.
    specialize (gap_above z z_in Ne'). lra. }
  pose proof (asymptote V js w p
      (fun z => - M z) p_laws w_weights (- bottom) gap (- alpha) (proj1
      (lowest_highest V M bottom) bottom_lowest) mirror_gap ltac:(lra)) as B.
  rewrite <- increase_mirror, !Ropp_involutive in B.
  assert
    (S1 : - alpha * sum (fun j => w j * (- bottom - mean V (p j) (fun z => - M
      z) 0)) js = alpha * sum (fun j => w j * (bottom - mean V (p j) M 0)) js).
  { rewrite <- !sum_scal. apply sum_ext. intros j _.
    pose proof (mean_mirror V (p j) M 0) as Q. rewrite Ropp_0 in Q.
    rewrite Q. ring. }
  assert (S2 : forall f : R -> R,
      sum (fun j => w j * f (top_mass V (p j) (fun z => - M z) (- bottom))) js =
      sum (fun j => w j * f (top_mass V (p j) M bottom)) js).
  { intros f. apply sum_ext. intros j _. rewrite top_mass_mirror. reflexivity. }
  rewrite S1, (S2 ln), (S2 (fun t => (1 - t) / t)) in B. exact B.
Qed.
End EitherSign.
