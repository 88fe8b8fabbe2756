(* The exponential tilt: derivatives of every order
   used, and bounds on its moments. *)
From Coq Require Import Reals List Lra Lia.
From Steering Require Import Definitions Sum Calculus Infinity.
Open Scope R_scope.

Section Tilt.
Context {A : Type}.
Variables (V : list A) (p M : A -> R).
Hypothesis p_positive : positive V p.
Hypothesis V_nonempty : V <> nil.

Notation Z := (partition V p M).
Notation q := (tilt V p M).
Notation E := (mean V p M).

Lemma weight_pos alpha z : In z V -> 0 < weight p M alpha z.
Proof.
  intros z_in.
  apply Rmult_lt_0_compat; [apply p_positive; exact z_in|apply exp_pos].
Qed.

Lemma partition_pos alpha : 0 < Z alpha.
Proof.
  apply sum_pos; [exact V_nonempty|]. intros; apply weight_pos; assumption.
Qed.

Lemma partition_ne alpha : Z alpha <> 0.
Proof. apply Rgt_not_eq, partition_pos. Qed.

Lemma tilt_pos alpha z : In z V -> 0 < q alpha z.
Proof.
  intros z_in.
  apply Rdiv_lt_0_compat; [apply weight_pos; exact z_in|apply partition_pos].
Qed.

Lemma tilt_sum alpha : sum (q alpha) V = 1.
Proof. unfold tilt. rewrite sum_div. apply Rinv_r, partition_ne. Qed.

(* ---- Derivatives ---- *)

Lemma weight_derivative alpha z :
  derivable_pt_lim (fun t => weight p M t z) alpha (weight p M alpha z * M z).
Proof.
  apply (derivable_value _ _ (p z * (M z * exp (alpha * M z))));
    [|unfold weight; ring]. apply derivable_scal, derivable_exp_scal.
Qed.

Lemma partition_derivative alpha : derivable_pt_lim Z alpha (Z alpha * E alpha).
Proof.
  apply (derivable_value _ _ (sum (fun z => weight p M alpha z * M z) V)).
  - apply (derivable_sum (weight p M)). intros; apply weight_derivative.
  - unfold mean, expect, tilt. rewrite <- sum_scal. apply sum_ext; intros z _.
    field. apply partition_ne.
Qed.

(* Lemma B.5: the quotient rule. *)
Lemma tilt_derivative alpha z :
  derivable_pt_lim (fun t => q t z) alpha (q alpha z * (M z - E alpha)).
Proof.
  unfold tilt at 1.
  apply (derivable_value _ _ ((weight p M alpha z * M z * Z alpha
      - Z alpha * E alpha * weight p M alpha z) / Rsqr (Z alpha))).
  - apply (derivable_pt_lim_div (fun t => weight p M t z) Z);
      [apply weight_derivative|apply partition_derivative|apply partition_ne].
  - unfold tilt, Rsqr. field. apply partition_ne.
Qed.

Lemma log_partition_derivative alpha :
  derivable_pt_lim (log_partition V p M) alpha (E alpha).
Proof.
  apply (derivable_value _ _ (Z alpha * E alpha / Z alpha));
    [|field; apply partition_ne].
  apply derivable_ln; [apply partition_pos|apply partition_derivative].
Qed.

(* ---- Expectations ---- *)

Lemma expect_ext g h alpha :
  (forall z, In z V -> g z = h z) ->
  expect V p M alpha g = expect V p M alpha h.
Proof.
  intros g_eq_h. apply sum_ext; intros z z_in. rewrite g_eq_h by exact z_in.
  reflexivity.
Qed.

Lemma expect_const c alpha : expect V p M alpha (fun _ => c) = c.
Proof. unfold expect. rewrite sum_scal_r, tilt_sum. ring. Qed.

Lemma expect_plus g h alpha :
  expect V p M alpha (fun z => g z + h z) =
    expect V p M alpha g + expect V p M alpha h.
Proof. unfold expect. rewrite <- sum_plus. apply sum_ext; intros; ring. Qed.

Lemma expect_scal c g alpha :
  expect V p M alpha (fun z => c * g z) = c * expect V p M alpha g.
Proof. unfold expect. rewrite <- sum_scal. apply sum_ext; intros; ring. Qed.

Lemma expect_le g h alpha :
  (forall z, In z V -> g z <= h z) ->
  expect V p M alpha g <= expect V p M alpha h.
Proof.
  intros g_le_h. apply sum_le; intros z z_in.
  apply Rmult_le_compat_l; [left; apply tilt_pos; exact z_in|].
  apply g_le_h; exact z_in.
Qed.

Lemma expect_lt g h alpha :
  (forall z, In z V -> g z <= h z) -> (exists z, In z V /\ g z < h z) ->
  expect V p M alpha g < expect V p M alpha h.
Proof.
  intros g_le_h [z [z_in less]]. apply sum_lt.
  - intros y y_in.
    apply Rmult_le_compat_l;
      [left; apply tilt_pos; exact y_in|apply g_le_h; exact y_in].
  - exists z; split; [exact z_in|].
    apply Rmult_lt_compat_l; [apply tilt_pos; exact z_in|exact less].
Qed.

Lemma moment_one alpha : moment V p M alpha 1 = 0.
Proof.
  unfold moment.
  rewrite (expect_ext _ (fun z => M z + - E alpha)) by (intros; ring).
  rewrite expect_plus, expect_const. unfold mean at 1. unfold mean. ring.
Qed.

Lemma variance_nonneg alpha : 0 <= variance V p M alpha.
Proof.
  rewrite <- (expect_const 0 alpha). apply expect_le. intros; apply pow2_ge_0.
Qed.

Lemma variance_pos alpha : varies V M -> 0 < variance V p M alpha.
Proof.
  intros [y [z [y_in [z_in M_less]]]]. rewrite <- (expect_const 0 alpha).
  apply expect_lt; [intros; apply pow2_ge_0|].
  destruct (Req_dec (M y) (E alpha)) as [Ey|Ey].
  - exists z; split; [exact z_in|]. apply square_pos; lra.
  - exists y; split; [exact y_in|]. apply square_pos; lra.
Qed.

Lemma expect_derivative g alpha :
  derivable_pt_lim (fun t => expect V p M t g) alpha
    (expect V p M alpha (fun z => (M z - E alpha) * g z)).
Proof.
  apply (derivable_value _ _
      (sum (fun z => q alpha z * (M z - E alpha) * g z) V)).
  - unfold expect. apply (derivable_sum (fun t z => q t z * g z)). intros z _.
    apply (derivable_ext (fun t => g z * q t z)); [intros; ring|].
    apply (derivable_value _ _ (g z * (q alpha z * (M z - E alpha)))); [|ring].
    apply derivable_scal, tilt_derivative.
  - apply sum_ext; intros; ring.
Qed.

Lemma mean_derivative alpha : derivable_pt_lim E alpha (variance V p M alpha).
Proof.
  eapply derivable_value; [apply expect_derivative|].
  unfold variance, moment.
  rewrite (expect_ext _ (fun z => (M z - E alpha) ^ 2
      + E alpha * (M z - E alpha) ^ 1)) by (intros; ring).
  rewrite expect_plus, expect_scal. fold (moment V p M alpha 1).
  rewrite moment_one. ring.
Qed.

(* Var' is the third central moment: expand the
   square, differentiate, collect. *)
Lemma variance_derivative alpha :
  derivable_pt_lim (variance V p M) alpha (moment V p M alpha 3).
Proof.
  set (s := fun z => M z ^ 2).
  apply (derivable_ext (fun t => expect V p M t s - E t * E t)).
  { intros t. unfold variance, moment.
    rewrite (expect_ext (fun z => (M z - E t) ^ 2) (fun z => s z
        + (-2 * E t * M z + E t * E t))) by (intros; unfold s; ring).
    rewrite !expect_plus, expect_scal, expect_const. fold (E t). ring. }
  eapply derivable_value.
  { apply derivable_minus; [apply expect_derivative|].
    apply derivable_mult; apply mean_derivative. }
  unfold variance, moment, s.
  rewrite (expect_ext (fun z => (M z - E alpha) * M z ^ 2)
    (fun z => (M z - E alpha) ^ 3 + (2 * E alpha * (M z - E alpha) ^ 2
              + E alpha ^ 2 * (M z - E alpha) ^ 1))) by (intros; ring).
  rewrite !expect_plus, !expect_scal. fold (moment V p M alpha 1).
  rewrite moment_one. ring.
Qed.

Lemma mean_increasing : varies V M -> increasing E.
Proof.
  intros M_varies.
  apply (positive_increasing _ (variance V p M)); [apply mean_derivative|].
  intros; apply variance_pos; exact M_varies.
Qed.

Lemma mean_continuous : continuity E.
Proof. intros t. eapply derivable_continuity, mean_derivative. Qed.

(* ---- Bounds when M stays between lo and hi ---- *)

Lemma mean_ge lo alpha : (forall z, In z V -> lo <= M z) -> lo <= E alpha.
Proof.
  intros M_above. rewrite <- (expect_const lo alpha).
  apply expect_le; exact M_above.
Qed.

Lemma mean_le hi alpha : (forall z, In z V -> M z <= hi) -> E alpha <= hi.
Proof.
  intros M_below. rewrite <- (expect_const hi alpha).
  apply expect_le; exact M_below.
Qed.

Lemma mean_gt lo alpha : (forall z, In z V -> lo <= M z) ->
  (exists z, In z V /\ lo < M z) -> lo < E alpha.
Proof.
  intros M_above some_above. rewrite <- (expect_const lo alpha).
  apply expect_lt; assumption.
Qed.

Lemma mean_lt hi alpha : (forall z, In z V -> M z <= hi) ->
  (exists z, In z V /\ M z < hi) -> E alpha < hi.
Proof.
  intros M_below some_below. rewrite <- (expect_const hi alpha).
  apply expect_lt; assumption.
Qed.

(* Some interval of length `range` holds all values
   of M: from its minimum on. *)
Lemma ranges_interval range : ranges V M range ->
  exists lo, forall z, In z V -> lo <= M z <= lo + range.
Proof.
  intros M_ranges.
  destruct (lowest_exists M V V_nonempty) as [lo [[y [y_in Ey]] M_above]].
  exists lo. intros z z_in.
  split; [apply M_above; exact z_in|]. specialize (M_ranges y z y_in z_in). lra.
Qed.

Lemma ranges_nonneg range : ranges V M range -> 0 <= range.
Proof.
  intros M_ranges. destruct (nonempty_in V V_nonempty) as [x x_in].
  specialize (M_ranges x x x_in x_in). lra.
Qed.

Lemma ranges_mean range alpha z : ranges V M range -> In z V ->
  Rabs (M z - E alpha) <= range.
Proof.
  intros M_ranges z_in.
  destruct (ranges_interval range M_ranges) as [lo M_between].
  assert (lo <= E alpha)
    by (apply mean_ge; intros; apply M_between; assumption).
  assert (E alpha <= lo + range)
    by (apply mean_le; intros; apply M_between; assumption).
  specialize (M_between z z_in). apply Rabs_le. lra.
Qed.

(* Popoviciu: (x - lo)(hi - x) >= 0 on the interval,
   so Var <= (hi - E)(E - lo) <= range^2/4. *)
Lemma variance_between lo hi alpha : (forall z, In z V -> lo <= M z <= hi) ->
  variance V p M alpha <= (hi - E alpha) * (E alpha - lo).
Proof.
  intros M_between. set (m := E alpha). unfold variance, moment. fold m.
  apply Rle_trans with (expect V p M alpha (fun z =>
    (lo + hi - 2 * m) * (M z - m) ^ 1 + (hi - m) * (m - lo))).
  - apply expect_le. intros z z_in. specialize (M_between z z_in).
    assert (0 <= (M z - lo) * (hi - M z)) by (apply Rmult_le_pos; lra). nra.
  - rewrite expect_plus, expect_scal, expect_const.
    change (expect V p M alpha (fun z => (M z - m) ^ 1))
      with (moment V p M alpha 1). rewrite moment_one. lra.
Qed.

Lemma variance_le range alpha : ranges V M range ->
  variance V p M alpha <= range ^ 2 / 4.
Proof.
  intros M_ranges. destruct (ranges_interval range M_ranges) as [lo M_between].
  pose proof (variance_between lo (lo + range) alpha M_between) as B.
  assert (0 <= (range / 2 - (E alpha - lo)) ^ 2) by apply pow2_ge_0. nra.
Qed.

(* The third moment is at most range times the variance, in absolute value. *)
Lemma third_le_variance range alpha : ranges V M range ->
  Rabs (moment V p M alpha 3) <= range * variance V p M alpha.
Proof.
  intros M_ranges. unfold variance, moment. set (m := E alpha).
  assert (B : forall z, In z V -> Rabs (M z - m) <= range)
    by (intros; apply ranges_mean; assumption). apply Rabs_le. split.
  - replace (- (range * expect V p M alpha (fun z => (M z - m) ^ 2)))
      with (expect V p M alpha (fun z => - range * (M z - m) ^ 2))
      by (rewrite expect_scal; ring).
    apply expect_le. intros z z_in. specialize (B z z_in).
    apply abs_bounds in B.
    assert (0 <= (M z - m + range) * (M z - m) ^ 2)
      by (apply Rmult_le_pos; [lra|apply pow2_ge_0]). lra.
  - rewrite <- expect_scal. apply expect_le. intros z z_in.
    specialize (B z z_in). apply abs_bounds in B.
    assert (0 <= (range - (M z - m)) * (M z - m) ^ 2)
      by (apply Rmult_le_pos; [lra|apply pow2_ge_0]). lra.
Qed.
Lemma cumulant_derivatives alpha :
  derivable_pt_lim (log_partition V p M) alpha (mean V p M alpha) /\
  derivable_pt_lim (mean V p M) alpha (variance V p M alpha) /\
  derivable_pt_lim (variance V p M) alpha (moment V p M alpha 3) /\
  (varies V M -> 0 < variance V p M alpha).
Proof.
  split; [exact (log_partition_derivative alpha)|].
  split; [exact (mean_derivative alpha)|].
  split; [exact (variance_derivative alpha)|exact (variance_pos alpha)].
Qed.
End Tilt.

(* ---- Symmetry, and the value at zero ---- *)

Section Symmetry.
Context {A : Type}.
Implicit Types (V : list A) (p M : A -> R).

Lemma weight_mirror p M alpha z :
  weight p M (- alpha) z = weight p (fun z => - M z) alpha z.
Proof. unfold weight. f_equal. f_equal. ring. Qed.

Lemma partition_mirror V p M alpha :
  partition V p M (- alpha) = partition V p (fun z => - M z) alpha.
Proof. apply sum_ext; intros; apply weight_mirror. Qed.

Lemma tilt_mirror V p M alpha z :
  tilt V p M (- alpha) z = tilt V p (fun z => - M z) alpha z.
Proof. unfold tilt. rewrite weight_mirror, partition_mirror. reflexivity. Qed.

Lemma mean_mirror V p M alpha :
  mean V p M (- alpha) = - mean V p (fun z => - M z) alpha.
Proof.
  unfold mean, expect. rewrite <- sum_opp. apply sum_ext; intros z _.
  rewrite tilt_mirror. ring.
Qed.

Lemma variance_mirror V p M alpha :
  variance V p M (- alpha) = variance V p (fun z => - M z) alpha.
Proof.
  unfold variance, moment, expect. rewrite mean_mirror.
  apply sum_ext; intros z _. rewrite tilt_mirror. ring.
Qed.

Lemma log_partition_mirror V p M alpha :
  log_partition V p M (- alpha) = log_partition V p (fun z => - M z) alpha.
Proof. unfold log_partition. rewrite partition_mirror. reflexivity. Qed.

Lemma varies_mirror V M : varies V M -> varies V (fun z => - M z).
Proof.
  intros [y [z [y_in [z_in M_less]]]]. exists z, y.
  repeat split; try assumption. lra.
Qed.

Lemma ranges_mirror V M range : ranges V M range ->
  ranges V (fun z => - M z) range.
Proof.
  intros M_ranges y z y_in z_in. specialize (M_ranges z y z_in y_in). lra.
Qed.

Lemma weight_zero p M z : weight p M 0 z = p z.
Proof. unfold weight. rewrite Rmult_0_l, exp_0. ring. Qed.

Lemma partition_zero V p M : partition V p M 0 = sum p V.
Proof. apply sum_ext; intros; apply weight_zero. Qed.

Lemma law_nonempty V p : law V p -> V <> nil.
Proof. intros [_ p_sum] E. subst V. simpl in p_sum. lra. Qed.

Lemma tilt_zero V p M z : law V p -> tilt V p M 0 z = p z.
Proof.
  intros [_ p_sum]. unfold tilt. rewrite partition_zero, weight_zero, p_sum.
  field.
Qed.

(* Log-odds count up to a constant. *)
Lemma tilt_offset V p M M' c alpha z :
  (forall y, In y V -> M y = M' y + c) -> In z V ->
  tilt V p M alpha z = tilt V p M' alpha z.
Proof.
  intros M_offset z_in.
  assert (E : forall y, In y V ->
      weight p M alpha y = exp (alpha * c) * weight p M' alpha y).
  { intros y y_in. unfold weight. rewrite M_offset by exact y_in.
    rewrite Rmult_plus_distr_l, exp_plus. ring. }
  unfold tilt, partition. rewrite (sum_ext _ _ _ E), E, sum_scal by exact z_in.
  apply ratio_scale, exp_pos.
Qed.

Lemma log_partition_zero V p M : law V p -> log_partition V p M 0 = 0.
Proof.
  intros [_ p_sum]. unfold log_partition. rewrite partition_zero, p_sum.
  apply ln_1.
Qed.
End Symmetry.
