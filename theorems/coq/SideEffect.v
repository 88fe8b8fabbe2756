(* The mass of any set of tokens moves by alpha times its covariance with M,
   and by at most alpha^2 range^2 / (12 sqrt 3) more. *)
From Coq Require Import Reals List Lra Lia.
From Steering Require Import Definitions Sum Calculus Infinity Tilt Concepts
  CrossEntropy Remainder.
Open Scope R_scope.

(* ---- Taylor's remainder, of either sign ---- *)

Lemma taylor_right f f1 f2 B :
  (forall x, derivable_pt_lim f x (f1 x)) ->
  (forall x, derivable_pt_lim f1 x (f2 x)) ->
  (forall x, f2 x <= B) -> forall x, 0 <= x ->
  f x - f 0 - x * f1 0 <= B / 2 * x ^ 2.
Proof.
  intros D1 D2 f2_le x x_nonneg. apply difference_le.
  apply (nonneg_twice (fun t => B / 2 * t ^ 2 - (f t - f 0 - t * f1 0))
    (fun t => B * t - (f1 t - f1 0)) (fun t => B - f2 t));
    [intros t|intros t|lra|lra| |exact x_nonneg].
  - apply derivable_minus.
    + eapply derivable_value; [apply derivable_scal, derivable_power|].
      simpl. field.
    + eapply derivable_value; [apply derivable_minus;
        [apply derivable_minus; [apply D1|apply derivable_pt_lim_const]|]|].
      * apply (derivable_ext (fun t => f1 0 * t)); [intros; ring|].
        apply derivable_linear.
      * ring.
  - apply derivable_minus; [apply derivable_linear|].
    eapply derivable_value; [apply derivable_minus;
      [apply D2|apply derivable_pt_lim_const]|ring].
  - intros c _. specialize (f2_le c). lra.
Qed.

Lemma derivable_mirror f f1 : (forall x, derivable_pt_lim f x (f1 x)) ->
  forall x, derivable_pt_lim (fun t => f (- t)) x (- f1 (- x)).
Proof.
  intros D x. eapply derivable_value.
  - apply (derivable_pt_lim_comp (fun t => - t) f); [|apply D].
    apply (derivable_ext (fun t => -1 * t)); [intros; ring|].
    apply derivable_linear.
  - ring.
Qed.

Lemma taylor_upper f f1 f2 B :
  (forall x, derivable_pt_lim f x (f1 x)) ->
  (forall x, derivable_pt_lim f1 x (f2 x)) ->
  (forall x, f2 x <= B) -> forall x,
  f x - f 0 - x * f1 0 <= B / 2 * x ^ 2.
Proof.
  intros D1 D2 f2_le x. destruct (Rle_lt_dec 0 x) as [right|left];
    [exact (taylor_right f f1 f2 B D1 D2 f2_le x right)|].
  pose proof (taylor_right (fun t => f (- t)) (fun t => - f1 (- t))
    (fun t => f2 (- t)) B (derivable_mirror f f1 D1)) as T.
  assert (D2' : forall t,
      derivable_pt_lim (fun t => - f1 (- t)) t (f2 (- t))).
  { intros t. apply (derivable_ext (fun t => -1 * f1 (- t))); [intros; ring|].
    eapply derivable_value;
      [apply derivable_scal, (derivable_mirror f1 f2 D2)|ring]. }
  specialize (T D2' (fun t => f2_le (- t)) (- x) ltac:(lra)). cbv beta in T.
  rewrite Ropp_involutive, Ropp_0 in T.
  replace ((- x) ^ 2) with (x ^ 2) in T by ring. lra.
Qed.

Lemma taylor_remainder f f1 f2 B :
  (forall x, derivable_pt_lim f x (f1 x)) ->
  (forall x, derivable_pt_lim f1 x (f2 x)) ->
  (forall x, Rabs (f2 x) <= B) -> forall x,
  Rabs (f x - f 0 - x * f1 0) <= B / 2 * x ^ 2.
Proof.
  intros D1 D2 f2_near x.
  assert (L : forall t, - B <= f2 t <= B)
    by (intros; apply abs_bounds, f2_near).
  pose proof (taylor_upper f f1 f2 B D1 D2 (fun t => proj2 (L t)) x).
  pose proof (taylor_upper (fun t => -1 * f t) (fun t => -1 * f1 t)
    (fun t => -1 * f2 t) B (fun t => derivable_scal _ _ _ _ (D1 t))
    (fun t => derivable_scal _ _ _ _ (D2 t))
    ltac:(intros t; specialize (L t); lra) x).
  apply Rabs_le. lra.
Qed.

(* ---- The curvature of a mass ---- *)

(* f: the mass of a set, a and b: the means on it and off it, in [0, range].
   Worst is a set at the top of the range and all else at its bottom. *)
Lemma curvature_bound f a b range : 0 <= f <= 1 -> 0 <= a <= range ->
  0 <= b <= range ->
  f * (1 - f) * ((1 - 2 * f) * (a - b) ^ 2 + a * (range - a)) <=
    range ^ 2 / (6 * sqrt 3).
Proof.
  intros f_between a_between b_between. destruct sqrt3 as [S0 S2].
  assert (S3 : sqrt 3 <= 2) by nra.
  assert (product : 0 <= f * (1 - f) <= / 4).
  { assert (0 <= (f - / 2) ^ 2) by apply pow2_ge_0. split; [|nra].
    apply Rmult_le_pos; lra. }
  assert (ends : 0 <= a * (range - a) <= range ^ 2 / 4).
  { assert (0 <= (a - range / 2) ^ 2) by apply pow2_ge_0. split; [|nra].
    apply Rmult_le_pos; lra. }
  destruct (Rle_lt_dec (/ 2) f) as [large|small].
  - apply Rle_trans with (f * (1 - f) * (a * (range - a))).
    + apply Rmult_le_compat_l; [lra|].
      assert (0 <= (2 * f - 1) * (a - b) ^ 2)
        by (apply Rmult_le_pos; [lra|apply pow2_ge_0]). lra.
    + apply Rle_trans with (/ 4 * (range ^ 2 / 4)).
      * apply Rmult_le_compat; lra.
      * apply (Rmult_le_reg_r (6 * sqrt 3)); [lra|].
        replace (range ^ 2 / (6 * sqrt 3) * (6 * sqrt 3)) with (range ^ 2)
          by (field; lra).
        assert (0 <= range ^ 2) by apply pow2_ge_0. nra.
  - assert (W : exists c, 0 <= c <= range /\ a * (range - a) = c * (range - c)
        /\ (a - b) ^ 2 <= c ^ 2).
    { destruct (Rle_lt_dec b a) as [below|above].
      - destruct (Rle_lt_dec a (range - a)).
        + exists (range - a). repeat split; try lra.
          apply pow_incr; lra.
        + exists a. repeat split; try lra. apply pow_incr; lra.
      - replace ((a - b) ^ 2) with ((b - a) ^ 2) by ring.
        destruct (Rle_lt_dec a (range - a)).
        + exists (range - a). repeat split; try lra. apply pow_incr; lra.
        + exists a. repeat split; try lra. apply pow_incr; lra. }
    destruct W as [c [c_between [-> far]]].
    apply Rle_trans with
      (f * (1 - f) * ((1 - 2 * f) * c ^ 2 + c * (range - c))).
    { apply Rmult_le_compat_l; [lra|]. apply Rplus_le_compat_r.
      apply Rmult_le_compat_l; lra. }
    destruct (Rle_lt_dec range 0) as [point|wide].
    { replace c with 0 by lra. replace range with 0 by lra.
      right. field. lra. }
    assert (u_nonneg : 0 <= f * c) by (apply Rmult_le_pos; lra).
    assert (u_le : f * c <= f * range) by (apply Rmult_le_compat_l; lra).
    pose proof (two_point_bound (f * c) (range - f * c) u_nonneg ltac:(nra))
      as T. unfold third_bound in T.
    replace (f * c + (range - f * c)) with range in T by ring.
    apply (Rmult_le_reg_r range); [exact wide|].
    replace (range ^ 2 / (6 * sqrt 3) * range)
      with (range ^ 3 / (6 * sqrt 3)) by (field; lra).
    eapply Rle_trans; [|exact T].
    replace (f * (1 - f) * ((1 - 2 * f) * c ^ 2 + c * (range - c)) * range)
      with (f * c * ((1 - f) * range) * (range - 2 * (f * c))) by ring.
    replace (range - f * c - f * c) with (range - 2 * (f * c)) by ring.
    apply Rmult_le_compat_r; [nra|]. apply Rmult_le_compat_l; [lra|]. lra.
Qed.

Section Set_of_tokens.
Context {A : Type}.
Variables (V : list A) (p M : A -> R) (C : A -> bool).
Hypothesis p_positive : positive V p.
Hypothesis C_proper : proper C V.

Notation F := (mass V p M C).
Notation inner := (members C V).
Notation outer := (members (outside C) V).

Lemma mass_slope alpha : derivable_pt_lim F alpha (covariance V p M C alpha).
Proof.
  pose proof (whole_nonempty V C C_proper) as V_nonempty.
  apply (derivable_ext
    (fun t => expect V p M t (fun z => if C z then 1 else 0))).
  { intros t. unfold expect, mass, members. rewrite sum_filter.
    apply sum_ext. intros z _. destruct (C z); ring. }
  eapply derivable_value; [apply expect_derivative; assumption|].
  apply expect_ext. intros z _. ring.
Qed.

Lemma covariance_means alpha :
  covariance V p M C alpha = F alpha * (1 - F alpha) * nu_slope V p M C alpha.
Proof.
  apply (uniqueness_limite F alpha); [apply mass_slope|].
  apply mass_derivative; assumption.
Qed.

Definition curvature (alpha : R) : R := F alpha * (1 - F alpha) *
  ((1 - 2 * F alpha) * nu_slope V p M C alpha ^ 2
    + (variance inner p M alpha - variance outer p M alpha)).

Lemma covariance_derivative alpha :
  derivable_pt_lim (covariance V p M C) alpha (curvature alpha).
Proof.
  apply (derivable_ext (fun t => F t * (1 - F t) * nu_slope V p M C t)).
  { intros t. symmetry. apply covariance_means. }
  assert (D : derivable_pt_lim F alpha
      (F alpha * (1 - F alpha) * nu_slope V p M C alpha))
    by (apply mass_derivative; assumption).
  eapply derivable_value.
  - apply (derivable_mult (fun t => F t * (1 - F t))).
    + apply (derivable_mult F); [exact D|].
      apply derivable_minus; [apply derivable_pt_lim_const|exact D].
    + apply derivable_minus; apply mean_derivative;
        [apply inner_positive|apply inner_nonempty
        |apply outer_positive|apply outer_nonempty]; assumption.
  - unfold curvature. ring.
Qed.

Lemma mass_between alpha : 0 <= F alpha <= 1.
Proof.
  rewrite mass_logistic by assumption.
  pose proof (logistic_range (set_log_odds V p M C alpha)). lra.
Qed.

Lemma curvature_le range alpha : ranges V M range ->
  Rabs (curvature alpha) <= range ^ 2 / (6 * sqrt 3).
Proof.
  intros M_ranges. pose proof (whole_nonempty V C C_proper) as V_nonempty.
  destruct (ranges_interval V M V_nonempty range M_ranges) as [lo between].
  pose proof (inner_positive V p C p_positive) as Pi.
  pose proof (outer_positive V p C p_positive) as Po.
  pose proof (inner_nonempty V C C_proper) as Ni.
  pose proof (outer_nonempty V C C_proper) as No.
  assert (Bi : forall z, In z inner -> lo <= M z <= lo + range)
    by (intros z z_in; apply members_in in z_in; apply between, z_in).
  assert (Bo : forall z, In z outer -> lo <= M z <= lo + range)
    by (intros z z_in; apply outside_in in z_in; apply between, z_in).
  pose proof (variance_between inner p M Pi Ni lo (lo + range) alpha Bi) as Vi.
  pose proof (variance_between outer p M Po No lo (lo + range) alpha Bo) as Vo.
  pose proof (variance_nonneg inner p M Pi Ni alpha).
  pose proof (variance_nonneg outer p M Po No alpha).
  set (a := mean inner p M alpha) in *. set (b := mean outer p M alpha) in *.
  assert (a_between : 0 <= a - lo <= range).
  { assert (lo <= a) by (apply mean_ge; try assumption; intros; apply Bi;
      assumption).
    assert (a <= lo + range) by (apply mean_le; try assumption; intros;
      apply Bi; assumption). lra. }
  assert (b_between : 0 <= b - lo <= range).
  { assert (lo <= b) by (apply mean_ge; try assumption; intros; apply Bo;
      assumption).
    assert (b <= lo + range) by (apply mean_le; try assumption; intros;
      apply Bo; assumption). lra. }
  pose proof (mass_between alpha) as f_between. unfold curvature, nu_slope.
  fold a b. set (f := F alpha) in *.
  assert (product : 0 <= f * (1 - f)) by (apply Rmult_le_pos; lra).
  apply Rabs_le. split.
  - pose proof (curvature_bound (1 - f) (b - lo) (a - lo) range
      ltac:(lra) b_between a_between) as K.
    assert (f * (1 - f) * (variance outer p M alpha - variance inner p M alpha)
      <= f * (1 - f) * ((b - lo) * (range - (b - lo))))
      by (apply Rmult_le_compat_l; nra). nra.
  - pose proof (curvature_bound f (a - lo) (b - lo) range
      f_between a_between b_between) as K.
    assert (f * (1 - f) * (variance inner p M alpha - variance outer p M alpha)
      <= f * (1 - f) * ((a - lo) * (range - (a - lo))))
      by (apply Rmult_le_compat_l; nra). nra.
Qed.

Lemma first_order range alpha : ranges V M range ->
  Rabs (F alpha - F 0 - alpha * covariance V p M C 0) <=
    alpha ^ 2 * range ^ 2 / (12 * sqrt 3).
Proof.
  intros M_ranges. destruct sqrt3 as [S0 _].
  replace (alpha ^ 2 * range ^ 2 / (12 * sqrt 3))
    with (range ^ 2 / (6 * sqrt 3) / 2 * alpha ^ 2) by (field; lra).
  apply (taylor_remainder F (covariance V p M C) curvature);
    [exact mass_slope|exact covariance_derivative|].
  intros x. apply curvature_le, M_ranges.
Qed.

(* An effect of order alpha^2 is one without a slope. *)
Lemma second_order_iff : (exists c, forall alpha,
    Rabs (F alpha - F 0) <= c * alpha ^ 2) <-> covariance V p M C 0 = 0.
Proof.
  pose proof (whole_nonempty V C C_proper) as V_nonempty.
  split.
  - intros [c small]. apply (uniqueness_limite F 0); [apply mass_slope|].
    intros eps eps_positive.
    assert (0 < Rabs c + 1) by (pose proof (Rabs_pos c); lra).
    assert (d_positive : 0 < eps / (Rabs c + 1))
      by (apply Rdiv_lt_0_compat; assumption).
    exists (mkposreal _ d_positive). intros h h_nonzero h_near. simpl in h_near.
    rewrite Rplus_0_l, Rminus_0_r. unfold Rdiv.
    assert (0 < Rabs h) by (apply Rabs_pos_lt; exact h_nonzero).
    rewrite Rabs_mult, Rabs_inv. apply (Rmult_lt_reg_r (Rabs h)); [assumption|].
    rewrite Rmult_assoc, Rinv_l, Rmult_1_r by lra.
    eapply Rle_lt_trans; [apply small|].
    apply (Rmult_lt_compat_l (Rabs c + 1)) in h_near; [|assumption].
    replace ((Rabs c + 1) * (eps / (Rabs c + 1))) with eps in h_near
      by (field; lra).
    rewrite <- (pow2_abs h). pose proof (Rle_abs c). nra.
  - intros flat. destruct (highest_exists M V V_nonempty) as [top [_ Ht]].
    destruct (lowest_exists M V V_nonempty) as [bottom [_ Hb]].
    exists ((top - bottom) ^ 2 / (12 * sqrt 3)). intros alpha.
    destruct sqrt3 as [S0 _].
    pose proof (first_order (top - bottom) alpha) as B. rewrite flat in B.
    replace (F alpha - F 0) with (F alpha - F 0 - alpha * 0) by ring.
    replace ((top - bottom) ^ 2 / (12 * sqrt 3) * alpha ^ 2)
      with (alpha ^ 2 * (top - bottom) ^ 2 / (12 * sqrt 3)) by (field; lra).
    apply B. intros y z y_in z_in. specialize (Ht z z_in).
    specialize (Hb y y_in). lra.
Qed.
End Set_of_tokens.
