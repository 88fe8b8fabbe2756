(* Bennett's bound: among distributions of given mean, variance and
   maximum, one on two points has the largest exponential moment. *)
From Coq Require Import Reals List Lra Lia.
From Steering Require Import Definitions Sum Calculus Infinity Tilt Limits Bump
  CrossEntropy.
Open Scope R_scope.

Definition phi (x : R) : R := exp x - 1 - x.

Lemma exp_shift_derivatives c x :
  derivable_pt_lim
    (fun t => exp (t * c) - 1 - c * t) x (c * (exp (x * c) - 1)) /\
  derivable_pt_lim (fun t => c * (exp (t * c) - 1)) x (c ^ 2 * exp (x * c)).
Proof.
  split.
  - eapply derivable_value.
    + apply derivable_minus; [|apply derivable_linear].
      apply derivable_minus;
        [apply derivable_exp_scal|apply derivable_pt_lim_const].
    + ring.
  - eapply derivable_value.
    + apply derivable_scal, derivable_minus;
        [apply derivable_exp_scal|apply derivable_pt_lim_const].
    + ring.
Qed.

Lemma half_square_derivatives x :
  derivable_pt_lim (fun t => / 2 * t ^ 2) x x /\
  derivable_pt_lim (fun t => t) x 1.
Proof.
  split; [|apply derivable_pt_lim_id].
  eapply derivable_value; [apply derivable_scal, derivable_power|simpl; field].
Qed.

(* phi is above its parabola on the right of 0 and below on the left. *)
Lemma phi_right x : 0 <= x -> / 2 * x ^ 2 <= phi x.
Proof.
  intros x_nonneg. apply difference_le. unfold phi.
  replace (exp x - 1 - x) with (exp (x * 1) - 1 - 1 * x)
    by (rewrite Rmult_1_r; ring).
  apply (nonneg_twice (fun t => exp (t * 1) - 1 - 1 * t - / 2 * t ^ 2)
      (fun t => 1 * (exp (t * 1) - 1) - t) (fun t => 1 ^ 2 * exp (t * 1) - 1)).
  - intros t.
    apply derivable_minus;
      [apply exp_shift_derivatives|apply half_square_derivatives].
  - intros t.
    apply derivable_minus;
      [apply exp_shift_derivatives|apply half_square_derivatives].
  - rewrite Rmult_0_l, exp_0. right. ring.
  - rewrite Rmult_0_l, exp_0. right. ring.
  - intros c c_positive. pose proof (exp_ineq1_le (c * 1)). lra.
  - exact x_nonneg.
Qed.

Lemma phi_left x : 0 <= x -> phi (- x) <= / 2 * x ^ 2.
Proof.
  intros x_nonneg. apply difference_le. unfold phi.
  replace (exp (- x) - 1 - - x) with (exp (x * -1) - 1 - -1 * x)
    by (replace (x * -1) with (- x) by ring; ring).
  apply (nonneg_twice (fun t => / 2 * t ^ 2 - (exp (t * -1) - 1 - -1 * t))
      (fun t => t - -1 * (exp (t * -1) - 1))
      (fun t => 1 - (-1) ^ 2 * exp (t * -1))).
  - intros t.
    apply derivable_minus;
      [apply half_square_derivatives|apply exp_shift_derivatives].
  - intros t.
    apply derivable_minus;
      [apply half_square_derivatives|apply exp_shift_derivatives].
  - rewrite Rmult_0_l, exp_0. right. ring.
  - rewrite Rmult_0_l, exp_0. right. ring.
  - intros c c_positive.
    assert (less : exp (c * -1) < exp 0) by (apply exp_increasing; lra).
    rewrite exp_0 in less. lra.
  - exact x_nonneg.
Qed.

(* phi(k x) >= k^2 phi(x) for k >= 1: compare second derivatives. *)
Lemma phi_scale k x : 1 <= k -> 0 <= x -> k ^ 2 * phi x <= phi (x * k).
Proof.
  intros k_ge_one x_nonneg. apply difference_le. unfold phi.
  replace (exp (x * k) - 1 - x * k - k ^ 2 * (exp x - 1 - x))
    with (exp (x * k) - 1 - k * x - k ^ 2 * (exp (x * 1) - 1 - 1 * x))
    by (rewrite Rmult_1_r; ring).
  apply (nonneg_twice
      (fun t => exp (t * k) - 1 - k * t - k ^ 2 * (exp (t * 1) - 1 - 1 * t))
      (fun t => k * (exp (t * k) - 1) - k ^ 2 * (1 * (exp (t * 1) - 1)))
      (fun t => k ^ 2 * exp (t * k) - k ^ 2 * (1 ^ 2 * exp (t * 1)))).
  - intros t.
    apply derivable_minus; [|apply derivable_scal]; apply exp_shift_derivatives.
  - intros t.
    apply derivable_minus; [|apply derivable_scal]; apply exp_shift_derivatives.
  - rewrite !Rmult_0_l, exp_0. right. ring.
  - rewrite !Rmult_0_l, exp_0. right. ring.
  - intros c c_positive.
    assert (exp (c * 1) <= exp (c * k)) by (apply exp_le; nra).
    assert (0 <= k ^ 2) by apply pow2_ge_0. nra.
  - exact x_nonneg.
Qed.

(* phi(x)/x^2 increases. *)
Lemma phi_ratio u v : u <= v -> 0 < v -> phi u * v ^ 2 <= phi v * u ^ 2.
Proof.
  intros u_le_v v_positive. destruct (Rle_lt_dec u 0) as [u_nonpos|u_nonpos].
  - pose proof (phi_left (- u) ltac:(lra)) as L. rewrite Ropp_involutive in L.
    pose proof (phi_right v ltac:(lra)) as Rt.
    assert (0 <= u ^ 2) by apply pow2_ge_0.
    assert (0 <= v ^ 2) by apply pow2_ge_0. nra.
  - assert (k_ge_one : 1 <= v / u).
    { apply (Rmult_le_reg_r u); [exact u_nonpos|].
      replace (v / u * u) with v by (field; lra). lra. }
    pose proof (phi_scale (v / u) u k_ge_one ltac:(lra)) as S.
    replace (u * (v / u)) with v in S by (field; lra).
    assert (U : 0 < u ^ 2) by (apply pow_lt; exact u_nonpos).
    apply (Rmult_le_compat_r (u ^ 2)) in S; [|lra].
    replace ((v / u) ^ 2 * phi u * u ^ 2) with (phi u * v ^ 2) in
      S by (field; lra). exact S.
Qed.

Lemma two_point_zero s b : 0 <= s -> 0 < b -> two_point s b 0 = 0.
Proof.
  intros s_nonneg b_positive. unfold two_point.
  replace (- 0 * s / b) with 0 by (field; lra). rewrite Rmult_0_l, exp_0.
  assert (0 < b ^ 2) by (apply pow_lt; exact b_positive). rewrite <- ln_1.
  f_equal. field. lra.
Qed.

Section Bennett.
Context {A : Type}.
Variables (V : list A) (p M : A -> R).
Hypothesis p_law : law V p.

Lemma bennett top b alpha : (forall z, In z V -> M z <= top) ->
  b = top - mean V p M 0 -> 0 < b -> 0 <= alpha ->
  log_partition V p M alpha - alpha * mean V p M 0 <=
    two_point (variance V p M 0) b alpha.
Proof.
  intros M_below Eb b_positive alpha_nonneg.
  pose proof (law_nonempty V p p_law) as V_nonempty.
  assert (p_positive := proj1 p_law).
  set (m := mean V p M 0) in *. set (s := variance V p M 0).
  assert (s_nonneg : 0 <= s) by (apply variance_nonneg; assumption).
  destruct alpha_nonneg as [alpha_nonneg|<-].
  2: { rewrite log_partition_zero, two_point_zero
         by (exact p_law || assumption). lra. }
  set (c := s / b).
  assert (c_nonneg : 0 <= c) by (apply Rmult_le_pos;
      [exact s_nonneg|left; apply Rinv_0_lt_compat; exact b_positive]).
  assert (Es : s = b * c) by (unfold c; field; lra).
  set (B := b + c). assert (B_positive : 0 < B) by (unfold B; lra).
  set (k := phi (alpha * B) / B ^ 2).
  assert (B2 : 0 < B ^ 2) by (apply pow_lt; exact B_positive).
  (* e^{alpha x} lies below the parabola that
     touches it at -c and meets it at b *)
  assert (Major : forall y, y <= B ->
      exp (alpha * y) <= 1 + alpha * y + k * y ^ 2).
  { intros y y_le_B.
    pose proof (phi_ratio (alpha * y) (alpha * B) ltac:(nra) ltac:(nra)) as Q.
    replace (1 + alpha * y + k * y ^ 2)
      with (1 + alpha * y + phi (alpha * B) * (alpha * y) ^ 2 / (alpha * B) ^ 2)
      by (unfold k; field; lra).
    assert (D : 0 < (alpha * B) ^ 2) by (apply pow_lt, Rmult_lt_0_compat; lra).
    assert (ratio :
        phi (alpha * y) <= phi (alpha * B) * (alpha * y) ^ 2 / (alpha * B) ^ 2).
    { apply (Rmult_le_reg_r ((alpha * B) ^ 2)); [exact D|]. unfold Rdiv at 1.
      rewrite Rmult_assoc, Rinv_l by lra. lra. }
    unfold phi in ratio at 1. lra. }
  (* its expectation under p is the two-point value *)
  assert (Sum : partition V p M alpha <=
    exp (alpha * (m - c)) * (1 + alpha * c + k * (s + c ^ 2))).
  { unfold partition.
    apply Rle_trans
      with (exp (alpha * (m - c)) * expect V p M 0 (fun z => k * (M z - m) ^ 2
        + ((alpha + 2 * k * c) * (M z - m) ^ 1 + (1 + alpha * c + k * c ^ 2)))).
    - unfold expect. rewrite <- sum_scal. apply sum_le. intros z z_in.
      rewrite tilt_zero by exact p_law.
      unfold weight. pose proof (p_positive z z_in).
      pose proof (exp_pos (alpha * (m - c))).
      replace (alpha * M z)
        with (alpha * (m - c) + alpha * (M z - m + c)) by ring.
      rewrite exp_plus.
      assert (L := Major (M z - m + c)). specialize (M_below z z_in).
      assert (y_le_B : M z - m + c <= B) by (unfold B; lra).
      specialize (L y_le_B).
      replace (k * (M z - m) ^ 2
          + ((alpha + 2 * k * c) * (M z - m) ^ 1 + (1 + alpha * c + k * c ^ 2)))
        with (1 + alpha * (M z - m + c) + k * (M z - m + c) ^ 2) by ring.
      apply Rle_trans
        with (exp (alpha * (m - c)) * (p z * exp (alpha * (M z - m + c))));
        [right; ring|]. do 2 (apply Rmult_le_compat_l; [lra|]). exact L.
    - apply Rmult_le_compat_l; [left; apply exp_pos|].
      rewrite !expect_plus, !expect_scal, !expect_const by assumption.
      change (expect V p M 0 (fun z => (M z - m) ^ 2)) with s.
      change (expect V p M 0 (fun z => (M z - m) ^ 1)) with (moment V p M 0 1).
      rewrite moment_one by assumption. lra. }
  assert (Value : exp (alpha * (m - c)) * (1 + alpha * c + k * (s + c ^ 2)) =
      exp (alpha * m) * (b ^ 2 / (b ^ 2 + s) * exp (- alpha * s / b)
      + s / (b ^ 2 + s) * exp (alpha * b))).
  { replace (alpha * (m - c)) with (alpha * m + - alpha * s / b)
      by (unfold c; field; lra).
    replace (alpha * b) with (- alpha * s / b + alpha * B)
      by (unfold B, c; field; lra).
    rewrite !exp_plus, Rmult_assoc. f_equal. rewrite Es. unfold k, phi, B.
    assert (0 < b ^ 2) by (apply pow_lt; exact b_positive).
    assert (0 <= b * c) by (apply Rmult_le_pos; lra).
    set (e1 := exp (- alpha * (b * c) / b)). set (e2 := exp (alpha * (b + c))).
    field. repeat split; try lra. }
  unfold log_partition, two_point. rewrite Value in Sum.
  set (r := b ^ 2 / (b ^ 2 + s) * exp (- alpha * s / b)
      + s / (b ^ 2 + s) * exp (alpha * b)) in *.
  assert (Z : 0 < partition V p M alpha) by (apply partition_pos; assumption).
  assert (Rp : 0 < r).
  { apply (Rmult_lt_reg_l (exp (alpha * m))); [apply exp_pos|]. lra. }
  assert (ln (partition V p M alpha) <= alpha * m + ln r); [|lra].
  rewrite <- (ln_exp (alpha * m)), <- ln_mult by (apply exp_pos || exact Rp).
  destruct Sum as [S|S];
    [left; apply ln_increasing; assumption|rewrite S; apply Rle_refl].
Qed.
End Bennett.

Lemma bennett_increase {A J} (V : list A) (js : list J) w p
    (M : A -> R) top alpha :
  laws V js p -> weights js w -> varies V M ->
  (forall z, In z V -> M z <= top) -> 0 <= alpha ->
  cross_entropy_increase V js w p M alpha <=
  sum (fun j => w j *
    two_point (variance V (p j) M 0) (top - mean V (p j) M 0) alpha) js.
Proof.
  intros p_laws w_weights M_varies M_below alpha_nonneg.
  rewrite increase_cumulant by assumption. apply pooled_le; [exact w_weights|].
  intros j j_in.
  apply bennett with (top := top); try assumption;
    [apply p_laws; exact j_in|reflexivity|].
  assert (mean V (p j) M 0 < top); [|lra].
  destruct M_varies as [y [z [y_in [z_in L]]]].
  apply mean_lt; [apply p_laws;
      exact j_in|apply (V_nonempty V js w p p_laws w_weights)|exact M_below|].
  exists y. split; [exact y_in|]. specialize (M_below z z_in). lra.
Qed.

(* ---- For alpha of either sign ---- *)

Section EitherSign.
Context {A J : Type}.
Variables (V : list A) (js : list J) (w : J -> R) (p : J -> A -> R)
  (M : A -> R).
Hypothesis p_laws : laws V js p.
Hypothesis w_weights : weights js w.

Notation increase := (cross_entropy_increase V js w p M).
Notation sigma2 := (pooled_variance V js w p M 0).

Lemma bennett_bounds : varies V M -> forall top bottom, highest V M top ->
  lowest V M bottom -> forall alpha,
  (0 <= alpha -> increase alpha <=
     sum (fun j => w j *
       two_point (variance V (p j) M 0) (top - mean V (p j) M 0) alpha) js) /\
  (alpha <= 0 -> increase alpha <=
     sum (fun j => w j *
       two_point (variance V (p j) M 0) (mean V (p j) M 0 - bottom) (- alpha))
       js).
Proof.
  intros M_varies top bottom top_highest bottom_lowest alpha.
  split; intros alpha_nonneg.
  - exact (bennett_increase V js w p M top alpha p_laws w_weights M_varies
        (proj2 top_highest) alpha_nonneg).
  - pose proof (bennett_increase V js w p (fun z => - M z) (- bottom)
        (- alpha) p_laws w_weights (varies_mirror V M M_varies) (proj2
        (proj1 (lowest_highest V M bottom) bottom_lowest)) ltac:(lra)) as B.
    rewrite <- increase_mirror, Ropp_involutive in B.
    eapply Rle_trans; [exact B|]. right. apply sum_ext. intros j _.
    rewrite <- variance_mirror, Ropp_0.
    pose proof (mean_mirror V (p j) M 0) as Q. rewrite Ropp_0 in Q.
    replace (- bottom - mean V (p j) (fun z => - M z) 0)
      with (mean V (p j) M 0 - bottom) by lra. reflexivity.
Qed.
End EitherSign.
