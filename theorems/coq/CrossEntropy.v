(* The cross-entropy increase: Kullback-Leibler identity,
   convexity, bounds for all alpha, budgets. *)
From Coq Require Import Reals List Lra Lia.
From Steering Require Import Definitions Sum Calculus Infinity Tilt Limits Bump
  Concepts.
Open Scope R_scope.

(* ---- Non-negativity on [0, oo) from the derivatives at 0 ---- *)

Lemma nonneg_twice f f1 f2 :
  (forall x, derivable_pt_lim f x (f1 x)) ->
  (forall x, derivable_pt_lim f1 x (f2 x)) ->
  0 <= f 0 -> 0 <= f1 0 -> (forall c, 0 < c -> 0 <= f2 c) ->
  forall x, 0 <= x -> 0 <= f x.
Proof.
  intros D1 D2 f_start f1_start f2_nonneg x x_nonneg.
  apply Rle_trans with (f 0); [exact f_start|].
  apply (nonneg_grows f f1 D1); [|exact x_nonneg]. intros c c_positive.
  apply Rle_trans with (f1 0); [exact f1_start|].
  apply (nonneg_grows f1 f2 D2 f2_nonneg). lra.
Qed.

Lemma nonneg_thrice f f1 f2 f3 :
  (forall x, derivable_pt_lim f x (f1 x)) ->
  (forall x, derivable_pt_lim f1 x (f2 x)) ->
  (forall x, derivable_pt_lim f2 x (f3 x)) -> 0 <= f 0 -> 0 <= f1 0 ->
  0 <= f2 0 ->
  (forall c, 0 < c -> 0 <= f3 c) -> forall x, 0 <= x -> 0 <= f x.
Proof.
  intros D1 D2 D3 f_start f1_start f2_start f3_nonneg.
  apply (nonneg_twice f f1 f2); try assumption. intros c c_positive.
  apply Rle_trans with (f2 0); [exact f2_start|].
  apply (nonneg_grows f2 f3 D3 f3_nonneg). lra.
Qed.

(* ---- One context ---- *)

Section One.
Context {A : Type}.
Variables (V : list A) (p M : A -> R).
Hypothesis p_law : law V p.

Lemma divergence alpha :
  KL V p (tilt V p M alpha) = log_partition V p M alpha - alpha * mean V p M 0.
Proof.
  pose proof (law_nonempty V p p_law) as V_nonempty.
  destruct p_law as [p_positive p_sum].
  unfold KL.
  rewrite (sum_ext _
      (fun z => log_partition V p M alpha * p z - alpha * (p z * M z))).
  - rewrite sum_minus, !sum_scal, p_sum. f_equal; [ring|]. f_equal.
    apply sum_ext. intros z _.
    rewrite tilt_zero by (split; assumption). reflexivity.
  - intros z z_in. pose proof (p_positive z z_in).
    rewrite tilt_log by assumption.
    set (u := alpha * M z - log_partition V p M alpha). pose proof (exp_pos u).
    replace (p z / (p z * exp u)) with (/ exp u) by (field; lra).
    rewrite ln_Rinv, ln_exp by assumption. unfold u. ring.
Qed.

(* Merging tokens into C and its complement can
   only lose divergence (log-sum inequality). *)
Lemma log_sum (q : A -> R) l : l <> nil -> (forall z, In z l -> 0 < p z) ->
  (forall z, In z l -> 0 < q z) ->
  sum p l * ln (sum p l / sum q l) <= sum (fun z => p z * ln (p z / q z)) l.
Proof.
  intros l_nonempty Pp Pq.
  assert (P : 0 < sum p l) by (apply sum_pos; assumption).
  assert (Q : 0 < sum q l) by (apply sum_pos; assumption).
  set (c := sum p l / sum q l).
  assert (0 < c) by (apply Rdiv_lt_0_compat; assumption). rewrite <- sum_scal_r.
  apply Rle_trans
    with (sum (fun z => p z * ln (p z / q z) + (c * q z - p z)) l).
  - apply sum_le. intros z z_in. pose proof (Pp z z_in). pose proof (Pq z z_in).
    assert (0 < p z / q z) by (apply Rdiv_lt_0_compat; assumption).
    assert (L : ln c - ln (p z / q z) <= c * q z / p z - 1).
    { replace (ln c - ln (p z / q z)) with (ln (c * q z / p z)).
      - assert (0 < c * q z / p z)
          by (apply Rdiv_lt_0_compat; [apply Rmult_lt_0_compat|]; assumption).
        pose proof (exp_ineq1_le (ln (c * q z / p z))) as X.
        rewrite exp_ln in X by assumption. lra.
      - unfold Rdiv.
        rewrite !ln_mult, !ln_Rinv; repeat (try apply Rmult_lt_0_compat;
            try apply Rinv_0_lt_compat; try assumption). ring. }
    apply (Rmult_le_compat_l (p z)) in L; [|lra].
    replace (p z * (c * q z / p z - 1)) with (c * q z - p z) in
      L by (field; lra). lra.
  - rewrite sum_plus, sum_minus, sum_scal. unfold c at 1. right. field. lra.
Qed.
End One.

Lemma merged_divergence {A} (V : list A) p M C alpha : law V p -> proper C V ->
  mass V p M C 0 * ln (mass V p M C 0 / mass V p M C alpha)
  + (1 - mass V p M C 0) * ln ((1 - mass V p M C 0) / (1 - mass V p M C alpha))
  <= KL V p (tilt V p M alpha).
Proof.
  intros p_law [C_inhabited outside_inhabited].
  pose proof (law_nonempty V p p_law) as V_nonempty.
  pose proof p_law as [p_positive p_sum].
  assert (E0 := mass_zero V p M C p_law).
  assert (E1 : 1 - mass V p M C 0 = sum p (members (outside C) V)).
  { rewrite E0, <- p_sum, (sum_split C p V). ring. }
  assert (E2 :
      1 - mass V p M C alpha = sum (tilt V p M alpha) (members (outside C) V)).
  { rewrite <- (tilt_sum V p M p_positive V_nonempty alpha), (sum_split C _ V).
    unfold mass. ring. }
  rewrite E1, E2, E0. unfold KL. rewrite (sum_split C _ V).
  apply Rplus_le_compat.
  - apply log_sum; [apply members_nonempty; exact C_inhabited| |];
      intros z z_in; apply members_in in z_in; destruct z_in;
      [apply p_positive|apply tilt_pos]; assumption.
  - apply log_sum; [apply members_nonempty; exact outside_inhabited| |];
      intros z z_in; apply members_in in z_in; destruct z_in;
      [apply p_positive|apply tilt_pos]; assumption.
Qed.

(* ---- All contexts ---- *)

Section Increase.
Context {A J : Type}.
Variables (V : list A) (js : list J) (w : J -> R) (p : J -> A -> R)
  (M : A -> R).
Hypothesis p_laws : laws V js p.
Hypothesis w_weights : weights js w.

Notation increase := (cross_entropy_increase V js w p M).

Definition slope (alpha : R) : R :=
  sum (fun j => w j * (mean V (p j) M alpha - mean V (p j) M 0)) js.
Definition pooled_third (alpha : R) : R :=
  sum (fun j => w j * moment V (p j) M alpha 3) js.

Lemma js_law j : In j js -> law V (p j). Proof. apply p_laws. Qed.
Lemma js_positive j : In j js -> positive V (p j).
Proof. intros j_in; apply p_laws in j_in; apply j_in. Qed.

Lemma js_nonempty : js <> nil.
Proof.
  intros E. destruct w_weights as [_ w_sum]. rewrite E in w_sum. simpl in w_sum.
  lra.
Qed.

Lemma V_nonempty : V <> nil.
Proof.
  destruct (nonempty_in js js_nonempty) as [j j_in].
  apply (law_nonempty V (p j)), js_law, j_in.
Qed.

Lemma increase_KL alpha :
  increase alpha = sum (fun j => w j * KL V (p j) (tilt V (p j) M alpha)) js.
Proof.
  unfold cross_entropy_increase, cross_entropy.
  match goal with
    |- - ?a - - ?b = _ => replace (- a - - b) with (b - a) by ring end.
  rewrite <- sum_minus. apply sum_ext. intros j j_in.
  rewrite <- Rmult_minus_distr_l, <- sum_minus.
  f_equal. apply sum_ext. intros z z_in. pose proof (js_positive j j_in z z_in).
  assert (0 < tilt V (p j) M alpha z) by (apply tilt_pos;
      [apply js_positive; exact j_in|apply V_nonempty|exact z_in]).
  unfold Rdiv.
  rewrite ln_mult, ln_Rinv; try assumption;
    [ring|apply Rinv_0_lt_compat; assumption].
Qed.

Lemma increase_cumulant alpha :
  increase alpha = sum (fun j => w j *
    (log_partition V (p j) M alpha - alpha * mean V (p j) M 0)) js.
Proof.
  rewrite increase_KL. apply sum_ext. intros j j_in.
  rewrite divergence by (apply js_law; exact j_in). reflexivity.
Qed.

Lemma increase_zero : increase 0 = 0.
Proof.
  rewrite increase_cumulant. apply sum_zero. intros j j_in.
  rewrite log_partition_zero by (apply js_law; exact j_in). ring.
Qed.

Lemma slope_zero : slope 0 = 0.
Proof. apply sum_zero. intros; ring. Qed.

Lemma increase_derivative alpha : derivable_pt_lim increase alpha (slope alpha).
Proof.
  eapply derivable_ext; [intros t; symmetry; apply increase_cumulant|].
  apply (derivable_sum
      (fun t j => w j * (log_partition V (p j) M t - t * mean V (p j) M 0))).
  intros j j_in. apply derivable_scal, derivable_minus.
  - apply log_partition_derivative;
      [apply js_positive; exact j_in|apply V_nonempty].
  - apply (derivable_ext (fun t => mean V (p j) M 0 * t)); [intros; ring|].
    apply derivable_linear.
Qed.

Lemma slope_derivative alpha :
  derivable_pt_lim slope alpha (pooled_variance V js w p M alpha).
Proof.
  apply (derivable_sum
      (fun t j => w j * (mean V (p j) M t - mean V (p j) M 0))).
  intros j j_in. apply derivable_scal. eapply derivable_value.
  - apply derivable_minus; [|apply derivable_pt_lim_const].
    apply mean_derivative; [apply js_positive; exact j_in|apply V_nonempty].
  - ring.
Qed.

Lemma pooled_variance_derivative alpha :
  derivable_pt_lim (pooled_variance V js w p M) alpha (pooled_third alpha).
Proof.
  apply (derivable_sum (fun t j => w j * variance V (p j) M t)).
  intros j j_in.
  apply derivable_scal, variance_derivative;
    [apply js_positive; exact j_in|apply V_nonempty].
Qed.

(* Weighted sums inherit bounds context by context. *)
Lemma pooled_le f g : (forall j, In j js -> f j <= g j) ->
  sum (fun j => w j * f j) js <= sum (fun j => w j * g j) js.
Proof.
  intros f_le_g. apply sum_le. intros j j_in.
  apply Rmult_le_compat_l; [left; apply w_weights|apply f_le_g]; exact j_in.
Qed.

Lemma pooled_const c : sum (fun j => w j * c) js = c.
Proof. rewrite sum_scal_r. destruct w_weights as [_ ->]. ring. Qed.

Lemma pooled_variance_pos alpha : varies V M ->
  0 < pooled_variance V js w p M alpha.
Proof.
  intros M_varies. apply sum_pos; [apply js_nonempty|]. intros j j_in.
  apply Rmult_lt_0_compat; [apply w_weights; exact j_in|].
  apply variance_pos;
    [apply js_positive; exact j_in|apply V_nonempty|exact M_varies].
Qed.

Lemma pooled_variance_nonneg alpha : 0 <= pooled_variance V js w p M alpha.
Proof.
  apply sum_nonneg. intros j j_in.
  apply Rmult_le_pos; [left; apply w_weights; exact j_in|].
  apply variance_nonneg; [apply js_positive; exact j_in|apply V_nonempty].
Qed.

Lemma slope_increasing : varies V M -> increasing slope.
Proof.
  intros M_varies. apply (positive_increasing _ _ slope_derivative).
  intros; apply pooled_variance_pos; exact M_varies.
Qed.

Lemma increase_convex : varies V M -> strictly_convex increase.
Proof.
  intros M_varies.
  apply (increasing_derivative_convex _ _ increase_derivative),
    slope_increasing; exact M_varies.
Qed.

Lemma increase_grows : varies V M -> forall x y, 0 <= x -> x < y ->
  increase x < increase y.
Proof.
  intros M_varies x y x_nonneg x_lt_y.
  apply (increasing_between _ _ increase_derivative 0 y); try lra.
  intros c c_between. rewrite <- slope_zero.
  apply slope_increasing; [exact M_varies|lra].
Qed.

Lemma increase_continuous : continuity increase.
Proof. intros t. eapply derivable_continuity, increase_derivative. Qed.

(* Theorem 3.8: increase - sigma^2 alpha^2 / 2 has
   slope o(alpha), so it is o(alpha^2). *)
Lemma quadratic eps : 0 < eps ->
  exists delta, 0 < delta /\ forall alpha, Rabs alpha < delta ->
  Rabs (increase alpha - / 2 * pooled_variance V js w p M 0 * alpha ^ 2) <=
    eps * alpha ^ 2.
Proof.
  intros eps_positive. set (s := pooled_variance V js w p M 0).
  destruct (slope_derivative 0 eps eps_positive) as [delta slope_near].
  exists delta. split; [apply cond_pos|]. intros alpha alpha_near.
  set (g := fun x => increase x - / 2 * s * x ^ 2).
  set (g' := fun x => slope x - s * x).
  assert (D : forall x, derivable_pt_lim g x (g' x)).
  { intros x. apply derivable_minus; [apply increase_derivative|].
    eapply derivable_value; [apply derivable_scal, derivable_power|]. simpl.
    field. }
  assert (g0 : g 0 = 0) by (unfold g; rewrite increase_zero; ring).
  assert (B : forall c, c <> 0 -> Rabs c < delta ->
      Rabs (g' c) <= eps * Rabs c).
  { intros c c_nonzero c_near. specialize (slope_near c c_nonzero c_near).
    rewrite Rplus_0_l, slope_zero, Rminus_0_r in slope_near.
    fold s in slope_near.
    unfold g'.
    replace (slope c - s * c) with ((slope c / c - s) * c)
      by (field; exact c_nonzero).
    rewrite Rabs_mult. apply Rmult_le_compat_r; [apply Rabs_pos|lra]. }
  fold (g alpha). replace (g alpha) with (g alpha - g 0) by (rewrite g0; ring).
  assert (Sq : eps * alpha ^ 2 = eps * Rabs alpha * Rabs alpha).
  { rewrite Rmult_assoc, <- Rabs_mult, Rabs_right; [ring|]. apply Rle_ge.
    replace (alpha * alpha) with (alpha ^ 2) by ring. apply pow2_ge_0. }
  destruct (Rtotal_order alpha 0) as [L|[->|L]].
  - destruct (mean_value g g' D alpha 0 L) as [c [E c_between]].
    rewrite Rabs_minus_sym, E, Rabs_mult, Sq.
    rewrite (Rabs_minus_sym 0), Rminus_0_r.
    apply Rmult_le_compat_r; [apply Rabs_pos|].
    rewrite (Rabs_left alpha) in * by exact L.
    assert (Rabs c = - c) by (apply Rabs_left; lra).
    eapply Rle_trans; [apply B; lra|]. apply Rmult_le_compat_l; lra.
  - rewrite Rminus_diag_eq, Rabs_R0 by reflexivity. lra.
  - destruct (mean_value g g' D 0 alpha L) as [c [E c_between]].
    rewrite E, Rabs_mult, Sq, Rminus_0_r.
    apply Rmult_le_compat_r; [apply Rabs_pos|].
    rewrite (Rabs_right alpha) in * by lra.
    assert (Rabs c = c) by (apply Rabs_right; lra).
    eapply Rle_trans; [apply B; lra|]. apply Rmult_le_compat_l; lra.
Qed.
End Increase.

(* ---- alpha < 0 is alpha > 0 for -M ---- *)

Section Mirror.
Context {A J : Type}.
Variables (V : list A) (js : list J) (w : J -> R) (p : J -> A -> R)
  (M : A -> R).

Lemma increase_mirror alpha :
  cross_entropy_increase V js w p M (- alpha) =
    cross_entropy_increase V js w p (fun z => - M z) alpha.
Proof.
  unfold cross_entropy_increase, cross_entropy. f_equal. f_equal. apply sum_ext.
  intros j _. f_equal.
  apply sum_ext. intros z _. rewrite tilt_mirror. reflexivity.
Qed.

Lemma pooled_variance_mirror :
  pooled_variance V js w p (fun z => - M z) 0 = pooled_variance V js w p M 0.
Proof.
  apply sum_ext. intros j _. rewrite <- variance_mirror, Ropp_0. reflexivity.
Qed.

Hypothesis p_laws : laws V js p.
Hypothesis w_weights : weights js w.
Notation increase := (cross_entropy_increase V js w p M).

Lemma u_shape : varies V M -> increase 0 = 0 /\
  (forall x y, 0 <= x -> x < y -> increase x < increase y) /\
  (forall x y, x < y -> y <= 0 -> increase y < increase x).
Proof.
  intros M_varies. split; [exact (increase_zero V js w p M p_laws w_weights)|].
  split; [exact (increase_grows V js w p M p_laws w_weights M_varies)|].
  intros x y x_lt_y y_nonpos.
  pose proof (increase_grows V js w p (fun z => - M z) p_laws w_weights
      (varies_mirror V M M_varies) (- y) (- x) ltac:(lra) ltac:(lra)) as L.
  rewrite <- !increase_mirror, !Ropp_involutive in L. exact L.
Qed.
End Mirror.

(* ---- Bounds for alpha of either sign, from those for alpha >= 0 ---- *)

Lemma either_sign {A J} (V : list A) (js : list J) w p (M : A -> R) alpha :
  exists M', (M' = M \/ M' = fun z => - M z) /\
  cross_entropy_increase V js w p M alpha =
    cross_entropy_increase V js w p M' (Rabs alpha) /\
  pooled_variance V js w p M' 0 = pooled_variance V js w p M 0 /\
  forall range, ranges V M range -> ranges V M' range.
Proof.
  destruct (Rle_lt_dec 0 alpha) as [alpha_nonneg|alpha_nonneg].
  - exists M. rewrite Rabs_right by lra. auto.
  - exists (fun z => - M z). rewrite Rabs_left by exact alpha_nonneg.
    rewrite <- increase_mirror, Ropp_involutive.
    split; [auto|]. split; [reflexivity|].
    split; [apply pooled_variance_mirror|].
    intros; apply ranges_mirror; assumption.
Qed.
