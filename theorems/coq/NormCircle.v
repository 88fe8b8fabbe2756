(* Steering between the last block and the final norm: the logits run along
   half an ellipse. Its ends, the turns of log-odds, the plateau of the loss. *)
From Coq Require Import Reals List Lra Lia.
From Steering Require Import Definitions Sum Calculus Infinity Tilt Limits Bump
  CrossEntropy Bounds Transformer Attention.
Open Scope R_scope.

(* ---- The ellipse ---- *)

Section Ellipse.
Variables (d : nat) (eps : R) (gain h v U : nat -> R).
Hypothesis v_nonzero : exists i, (i < d)%nat /\ v i <> 0.

Notation n := (nearest d h v).
Notation s := (closest d h v).
Notation rho := (radius d eps h v).

Lemma dot_plus x y k u : dot d (fun i => x i + k * y i) u =
  dot d x u + k * dot d y u.
Proof.
  unfold dot. rewrite <- sum_scal, <- sum_plus. apply sum_ext. intros; ring.
Qed.

Lemma dot_comm x y : dot d x y = dot d y x.
Proof. apply sum_ext. intros; ring. Qed.

Lemma square_pos_v : 0 < dot d v v.
Proof.
  destruct v_nonzero as [i [i_lt_d Vi]].
  apply Rlt_le_trans with (v i * v i).
  - pose proof (square_pos (v i) Vi). lra.
  - apply (term_le_sum (fun i => v i * v i)).
    + intros y _. pose proof (pow2_ge_0 (v y)). lra.
    + apply in_row; exact i_lt_d.
Qed.

Lemma nearest_orthogonal : dot d n v = 0.
Proof.
  pose proof square_pos_v. unfold nearest. rewrite dot_plus.
  unfold closest. field. lra.
Qed.

Lemma moved_square alpha :
  dot d (fun i => h i + alpha * v i) (fun i => h i + alpha * v i) =
    dot d n n + (alpha - s) ^ 2 * dot d v v.
Proof.
  assert (E : forall i, h i + alpha * v i = n i + (alpha - s) * v i)
    by (intros; unfold nearest; ring).
  transitivity (dot d (fun i => n i + (alpha - s) * v i)
      (fun i => n i + (alpha - s) * v i)).
  { apply sum_ext. intros i _. rewrite E. reflexivity. }
  rewrite dot_plus, (dot_comm n), (dot_comm v (fun i => _)), !dot_plus.
  rewrite (dot_comm v n), nearest_orthogonal. ring.
Qed.

Lemma dimension_pos : 0 < INR d.
Proof. destruct v_nonzero as [i [i_lt_d _]]. apply lt_0_INR. lia. Qed.

Lemma norm_ellipse alpha : 0 < rho ->
  dot d U (rms_norm d eps gain (fun i => h i + alpha * v i)) =
    cos (line_angle s (width d eps h v) alpha) * across d eps gain h v U
    + sin (line_angle s (width d eps h v) alpha) * along d gain v U.
Proof.
  intros rho_positive. pose proof dimension_pos as d_positive.
  pose proof square_pos_v as square_positive.
  assert (len_positive : 0 < euclidean d v)
    by (apply sqrt_lt_R0; exact square_positive).
  set (len := euclidean d v) in *.
  assert (len_square : len * len = dot d v v)
    by (apply sqrt_sqrt; lra).
  set (x := (alpha - s) / width d eps h v).
  assert (Ex : alpha - s = x * rho / len)
    by (unfold x, width; fold len; field; lra).
  set (q := sqrt (1 + Rsqr x)).
  assert (q_positive : 0 < q).
  { apply sqrt_lt_R0. pose proof (Rle_0_sqr x). lra. }
  assert (q_square : q * q = 1 + Rsqr x).
  { apply sqrt_sqrt. pose proof (Rle_0_sqr x). lra. }
  assert (rho_square : rho * rho = dot d n n + INR d * eps).
  { unfold radius in *. apply sqrt_sqrt.
    destruct (Rle_lt_dec 0 (dot d n n + INR d * eps)) as [P|N]; [exact P|].
    rewrite sqrt_neg_0 in rho_positive by lra. lra. }
  set (D := sqrt (INR d)).
  assert (D_positive : 0 < D) by (apply sqrt_lt_R0; exact d_positive).
  assert (D_square : D * D = INR d) by (apply sqrt_sqrt; lra).
  assert (Erms : rms d eps (fun i => h i + alpha * v i) = rho * q / D).
  { unfold rms, row_average, average. rewrite row_length.
    apply sqrt_lem_1.
    - apply Rmult_le_reg_l with (INR d); [exact d_positive|].
      rewrite Rmult_0_r.
      replace (INR d * (sum (fun i => (h i + alpha * v i) ^ 2) (seq 0 d) / INR d
        + eps)) with (dot d (fun i => h i + alpha * v i)
        (fun i => h i + alpha * v i) + INR d * eps).
      + rewrite moved_square. pose proof (pow2_ge_0 (alpha - s)).
        assert (0 <= (alpha - s) ^ 2 * dot d v v)
          by (apply Rmult_le_pos; lra).
        assert (0 < rho * rho) by (apply Rmult_lt_0_compat; assumption). lra.
      + rewrite (sum_ext (fun i => (h i + alpha * v i) ^ 2)
          (fun i => (h i + alpha * v i) * (h i + alpha * v i)))
          by (intros; ring). unfold dot. field. lra.
    - apply Rlt_le, Rdiv_lt_0_compat; [|exact D_positive].
      apply Rmult_lt_0_compat; assumption.
    - rewrite (sum_ext (fun i => (h i + alpha * v i) ^ 2)
          (fun i => (h i + alpha * v i) * (h i + alpha * v i)))
          by (intros; ring).
      fold (dot d (fun i => h i + alpha * v i) (fun i => h i + alpha * v i)).
      rewrite moved_square, Ex, <- len_square.
      replace (rho * q / D * (rho * q / D))
        with ((rho * rho) * (q * q) / (D * D)) by (field; lra).
      rewrite D_square, q_square, rho_square.
      replace ((x * rho / len) ^ 2 * (len * len)) with (Rsqr x * (rho * rho))
        by (unfold Rsqr; field; lra).
      rewrite rho_square. field. lra. }
  transitivity ((dot d U (fun i => gain i * n i)
      + (alpha - s) * dot d U (fun i => gain i * v i)) * / (rho * q / D)).
  { rewrite (dot_comm U (fun i => gain i * n i)),
      (dot_comm U (fun i => gain i * v i)), <- dot_plus.
    unfold dot. rewrite <- sum_scal_r. apply sum_ext. intros i _.
    unfold rms_norm. rewrite Erms. unfold nearest, Rdiv. ring. }
  unfold line_angle. fold x. rewrite cos_atan, sin_atan. fold q.
  unfold across, along. fold len D. rewrite Ex. field. lra.
Qed.
End Ellipse.

Lemma layer_norm_ellipse d eps gain bias h v U alpha :
  (exists i, (i < d)%nat /\ centred d v i <> 0) ->
  0 < radius d eps (centred d h) (centred d v) ->
  dot d U (layer_norm d eps gain bias (fun i => h i + alpha * v i)) =
    cos (line_angle (closest d (centred d h) (centred d v))
        (width d eps (centred d h) (centred d v)) alpha)
      * across d eps gain (centred d h) (centred d v) U
    + sin (line_angle (closest d (centred d h) (centred d v))
        (width d eps (centred d h) (centred d v)) alpha)
      * along d gain (centred d v) U
    + dot d U bias.
Proof.
  intros v_nonconstant radius_positive.
  rewrite <- norm_ellipse by assumption. unfold dot. rewrite <- sum_plus.
  apply sum_ext. intros i _. unfold layer_norm.
  rewrite (rms_norm_ext d eps gain (centred d (fun i => h i + alpha * v i))
    (fun i => centred d h i + alpha * centred d v i)); [ring|].
  intros k. unfold centred, row_average, average.
  rewrite sum_plus, sum_scal. unfold Rdiv. ring.
Qed.

(* ---- The angle ---- *)

Section Angle.
Variables (s w : R).
Hypothesis w_positive : 0 < w.

Notation t := (line_angle s w).

Lemma angle_cosine alpha : cos (t alpha) = w / sqrt (w ^ 2 + (alpha - s) ^ 2).
Proof.
  unfold line_angle. rewrite cos_atan.
  replace (w ^ 2 + (alpha - s) ^ 2)
    with (w ^ 2 * (1 + Rsqr ((alpha - s) / w))) by (unfold Rsqr; field; lra).
  assert (0 < 1 + Rsqr ((alpha - s) / w))
    by (pose proof (Rle_0_sqr ((alpha - s) / w)); lra).
  rewrite sqrt_mult_alt by apply pow2_ge_0. rewrite sqrt_pow2 by lra.
  assert (0 < sqrt (1 + Rsqr ((alpha - s) / w)))
    by (apply sqrt_lt_R0; assumption).
  field. lra.
Qed.

Lemma cosine_pos alpha : 0 < cos (t alpha).
Proof.
  rewrite angle_cosine. apply Rdiv_lt_0_compat; [exact w_positive|].
  apply sqrt_lt_R0. pose proof (pow2_ge_0 (alpha - s)).
  assert (0 < w ^ 2) by (apply pow_lt; exact w_positive). lra.
Qed.

Lemma sine_cosine alpha : sin (t alpha) = (alpha - s) / w * cos (t alpha).
Proof.
  unfold line_angle. rewrite cos_atan, sin_atan. unfold Rdiv. ring.
Qed.

Lemma squares alpha : sin (t alpha) ^ 2 + cos (t alpha) ^ 2 = 1.
Proof. pose proof (sin2_cos2 (t alpha)) as E. unfold Rsqr in E. lra. Qed.

Lemma cosine_le alpha : s < alpha -> cos (t alpha) <= w / (alpha - s).
Proof.
  intros beyond. rewrite angle_cosine.
  apply Rmult_le_compat_l; [lra|]. apply Rinv_le_contravar; [lra|].
  rewrite <- (sqrt_pow2 (alpha - s)) at 1 by lra. apply sqrt_le_1_alt.
  pose proof (pow2_ge_0 w). lra.
Qed.

Lemma sine_beyond alpha : s <= alpha -> 0 <= sin (t alpha) /\
  0 <= 1 - sin (t alpha) <= cos (t alpha) ^ 2 /\ cos (t alpha) <= 1.
Proof.
  intros beyond. pose proof (cosine_pos alpha). pose proof (squares alpha).
  pose proof (sine_cosine alpha) as E.
  assert (0 <= (alpha - s) / w)
    by (apply Rmult_le_pos; [lra|left; apply Rinv_0_lt_compat; lra]).
  assert (0 <= sin (t alpha)) by (rewrite E; apply Rmult_le_pos; lra).
  nra.
Qed.

Lemma mirrored_angle alpha : t (2 * s - alpha) = - t alpha.
Proof. unfold line_angle. rewrite <- atan_opp. f_equal. field. lra. Qed.

Lemma tends_cosine : tends_plus (fun alpha => cos (t alpha)) 0.
Proof.
  intros eps eps_positive. exists (s + w / eps). intros x x_far.
  assert (0 < w / eps) by (apply Rdiv_lt_0_compat; assumption).
  pose proof (cosine_pos x). pose proof (cosine_le x ltac:(lra)).
  rewrite Rminus_0_r, Rabs_right by lra.
  apply Rle_lt_trans with (w / (x - s)); [assumption|].
  apply (Rmult_lt_reg_r (x - s)); [lra|].
  replace (w / (x - s) * (x - s)) with w by (field; lra).
  apply (Rmult_lt_compat_l eps) in x_far; [|exact eps_positive].
  replace (eps * (s + w / eps)) with (eps * s + w) in x_far by (field; lra).
  lra.
Qed.

Lemma tends_sine : tends_plus (fun alpha => sin (t alpha)) 1.
Proof.
  intros eps eps_positive. destruct (tends_cosine eps eps_positive) as [b near].
  exists (Rmax b s). intros x x_far.
  pose proof (Rmax_l b s). pose proof (Rmax_r b s).
  specialize (near x ltac:(lra)). pose proof (cosine_pos x).
  rewrite Rminus_0_r, Rabs_right in near by lra.
  destruct (sine_beyond x ltac:(lra)) as [_ [[below most] cosine_small]].
  rewrite Rabs_minus_sym, Rabs_right by lra. nra.
Qed.
End Angle.

Lemma mirrored_circle {A} (a b c : A -> R) s w alpha z : 0 < w ->
  on_circle a b c s w (2 * s - alpha) z =
    on_circle a (fun y => - b y) c s w alpha z.
Proof.
  intros w_positive. unfold on_circle.
  rewrite mirrored_angle by exact w_positive. rewrite cos_neg, sin_neg. ring.
Qed.

(* ---- The ends ---- *)

Section Shift.
Context {A : Type}.
Variables (V : list A) (L g : A -> R) (range : R).
Hypothesis V_nonempty : V <> nil.
Hypothesis g_ranges : ranges V g range.

Notation q := (softmax V L).
Notation E := (sum (fun z => q z * g z) V).

Lemma q_law : law V q.
Proof. apply softmax_law; exact V_nonempty. Qed.

Lemma shifted_softmax z : In z V ->
  softmax V (fun y => L y + g y) z = tilt V q g 1 z.
Proof.
  intros z_in. unfold tilt, partition, weight, softmax.
  set (S := sum (fun y => exp (L y)) V).
  assert (S_positive : 0 < S)
    by (apply sum_pos; [exact V_nonempty|intros; apply exp_pos]).
  rewrite (sum_ext (fun y => exp (L y) / S * exp (1 * g y))
    (fun y => / S * exp (L y + g y))).
  2: { intros y _. rewrite exp_plus, Rmult_1_l. unfold Rdiv. ring. }
  rewrite sum_scal, exp_plus, Rmult_1_l.
  assert (0 < sum (fun y => exp (L y + g y)) V)
    by (apply sum_pos; [exact V_nonempty|intros; apply exp_pos]).
  field. split; lra.
Qed.

Lemma mean_E : mean V q g 0 = E.
Proof.
  apply sum_ext. intros z _. rewrite tilt_zero by apply q_law. ring.
Qed.

(* Jensen and Hoeffding: E g <= ln E e^g <= E g + range^2 / 8. *)
Lemma log_mean_exp :
  0 <= log_partition V q g 1 - E <= range ^ 2 / 8.
Proof.
  pose proof q_law as law_q. rewrite <- mean_E.
  replace (log_partition V q g 1 - mean V q g 0)
    with (log_partition V q g 1 - 1 * mean V q g 0) by ring.
  rewrite <- divergence by exact law_q. split.
  - pose proof (log_sum q (tilt V q g 1) V V_nonempty) as L0.
    rewrite (proj2 law_q), tilt_sum in L0
      by (try exact V_nonempty; apply law_q).
    replace (1 / 1) with 1 in L0 by field. rewrite ln_1, Rmult_0_r in L0.
    apply L0; [apply law_q|].
    intros z z_in. apply tilt_pos; [apply law_q|exact V_nonempty|exact z_in].
  - pose proof (hoeffding V (tt :: nil) (fun _ => 1) (fun _ => q) g range)
      as Hf.
    specialize (Hf ltac:(intros j _; exact law_q)).
    assert (one : weights (tt :: nil) (fun _ => 1)).
    { split; [intros; lra|simpl; lra]. }
    specialize (Hf one g_ranges 1 ltac:(lra)).
    rewrite increase_KL in Hf by (try exact one; intros j _; exact law_q).
    simpl in Hf. lra.
Qed.

Lemma log_shifted z : In z V ->
  Rabs (ln (softmax V (fun y => L y + g y) z) - ln (q z) - (g z - E)) <=
    range ^ 2 / 8.
Proof.
  intros z_in. pose proof q_law as [q_positive _].
  rewrite shifted_softmax by exact z_in.
  rewrite tilt_log by (try exact q_positive; exact V_nonempty).
  rewrite ln_mult, ln_exp by (try apply exp_pos; apply q_positive; exact z_in).
  pose proof log_mean_exp. apply Rabs_le. lra.
Qed.
End Shift.

Section Ends.
Context {A : Type}.
Variables (V : list A) (a b c : A -> R) (s w ra rb : R).
Hypothesis V_nonempty : V <> nil.
Hypothesis w_positive : 0 < w.
Hypothesis a_ranges : ranges V a ra.
Hypothesis b_ranges : ranges V b rb.

Notation f := (on_circle a b c s w).
Notation cosine alpha := (cos (line_angle s w alpha)).

Lemma approach_plus alpha z : s <= alpha -> In z V ->
  let q := end_law V b c 1 in
  Rabs (ln (softmax V (f alpha) z) - ln (q z)
    - cosine alpha * (a z - sum (fun y => q y * a y) V)) <=
    cosine alpha ^ 2 * second_order ra rb.
Proof.
  intros beyond z_in q.
  destruct (sine_beyond s w w_positive alpha beyond)
    as [sine_nonneg [[low_nonneg low_le] cosine_le_1]].
  pose proof (cosine_pos s w w_positive alpha) as cosine_positive.
  set (C := cosine alpha) in *. set (S := sin (line_angle s w alpha)) in *.
  set (L := fun y => c y + 1 * b y).
  set (g := fun y => C * a y + (S - 1) * b y).
  assert (ra_nonneg : 0 <= ra) by (apply (ranges_nonneg V a V_nonempty),
    a_ranges).
  assert (rb_nonneg : 0 <= rb) by (apply (ranges_nonneg V b V_nonempty),
    b_ranges).
  assert (g_ranges : ranges V g (C * ra + (1 - S) * rb)).
  { intros x y x_in y_in. unfold g.
    pose proof (a_ranges x y x_in y_in) as Ra.
    pose proof (b_ranges y x y_in x_in) as Rb.
    apply (Rmult_le_compat_l C) in Ra; [|lra].
    apply (Rmult_le_compat_l (1 - S)) in Rb; [|lra]. lra. }
  assert (same : softmax V (f alpha) z = softmax V (fun y => L y + g y) z).
  { assert (P : forall y, f alpha y = L y + g y).
    { intros y. unfold on_circle, L, g. fold C S. ring. }
    unfold softmax. rewrite P. f_equal. apply sum_ext. intros y _.
    rewrite P. reflexivity. }
  pose proof (log_shifted V L g _ V_nonempty g_ranges z z_in) as M.
  rewrite <- same in M. fold (end_law V b c 1) in M. fold q in M.
  assert (q_law' : law V q) by (apply softmax_law; exact V_nonempty).
  assert (Eg : sum (fun y => q y * g y) V =
      C * sum (fun y => q y * a y) V + (S - 1) * sum (fun y => q y * b y) V).
  { rewrite <- !sum_scal, <- sum_plus. apply sum_ext. intros; unfold g; ring. }
  change (softmax V L) with q in M. rewrite Eg in M. unfold g in M.
  assert (B : Rabs (b z - sum (fun y => q y * b y) V) <= rb).
  { rewrite <- (sum_ext (fun y => tilt V q b 0 y * b y)
      (fun y => q y * b y)).
    - apply (ranges_mean V q b); try assumption. apply q_law'.
    - intros y _. rewrite tilt_zero by exact q_law'. reflexivity. }
  set (Ea := sum (fun y => q y * a y) V) in *.
  set (Eb := sum (fun y => q y * b y) V) in *.
  apply abs_bounds in M. apply abs_bounds in B.
  assert (R1 : (C * ra + (1 - S) * rb) ^ 2 <= C ^ 2 * (ra + rb) ^ 2).
  { replace (C ^ 2 * (ra + rb) ^ 2) with ((C * ra + C * rb) ^ 2) by ring.
    apply pow_incr. split.
    - apply Rplus_le_le_0_compat; apply Rmult_le_pos; lra.
    - apply Rplus_le_compat_l, Rmult_le_compat_r; [exact rb_nonneg|nra]. }
  assert (R2 : (1 - S) * rb <= C ^ 2 * rb)
    by (apply Rmult_le_compat_r; lra).
  assert (R3 : - ((1 - S) * rb) <= (S - 1) * (b z - Eb) <= (1 - S) * rb).
  { split; nra. }
  unfold second_order. apply Rabs_le. lra.
Qed.
End Ends.

(* Both ends at once: sign = 1 or -1. *)
Section Sides.
Context {A : Type}.
Variables (V : list A) (a b c : A -> R) (s w ra rb sign : R).
Hypothesis V_nonempty : V <> nil.
Hypothesis w_positive : 0 < w.
Hypothesis a_ranges : ranges V a ra.
Hypothesis b_ranges : ranges V b rb.
Hypothesis either : sign = 1 \/ sign = -1.

Notation f := (on_circle a b c s w).
Notation cosine alpha := (cos (line_angle s w alpha)).
Notation q := (end_law V b c sign).
Notation Ea := (sum (fun y => q y * a y) V).

Lemma opposite_ranges : ranges V (fun y => - b y) rb.
Proof.
  intros x y x_in y_in. specialize (b_ranges y x y_in x_in). lra.
Qed.

Lemma softmax_ext (g k : A -> R) z : (forall y, g y = k y) ->
  softmax V g z = softmax V k z.
Proof.
  intros E. unfold softmax. rewrite E. f_equal. apply sum_ext.
  intros; rewrite E; reflexivity.
Qed.

Lemma opposite_end z : end_law V (fun y => - b y) c 1 z = end_law V b c (-1) z.
Proof. apply softmax_ext. intros; ring. Qed.

Lemma approach_end alpha z : 0 <= sign * (alpha - s) -> In z V ->
  Rabs (ln (softmax V (f alpha) z) - ln (q z) - cosine alpha * (a z - Ea)) <=
    cosine alpha ^ 2 * second_order ra rb.
Proof.
  intros beyond z_in. destruct either as [->| ->].
  - apply approach_plus; try assumption. lra.
  - pose proof (approach_plus V a (fun y => - b y) c s w ra rb V_nonempty
      w_positive a_ranges opposite_ranges (2 * s - alpha) z ltac:(lra) z_in)
      as M. cbv zeta in M.
    rewrite mirrored_angle, cos_neg, opposite_end in M by exact w_positive.
    rewrite (sum_ext _ (fun y => end_law V b c (-1) y * a y)) in M
      by (intros; rewrite opposite_end; reflexivity).
    rewrite (softmax_ext _ (f alpha)) in M; [exact M|].
    intros y. rewrite <- mirrored_circle by exact w_positive.
    f_equal. ring.
Qed.

Lemma second_nonneg : 0 <= second_order ra rb.
Proof.
  assert (0 <= rb) by (apply (ranges_nonneg V b V_nonempty), b_ranges).
  unfold second_order. pose proof (pow2_ge_0 (ra + rb)). lra.
Qed.

Lemma cosine_side alpha : 0 < sign * (alpha - s) ->
  cosine alpha <= w / (sign * (alpha - s)).
Proof.
  destruct either as [->| ->]; intros beyond.
  - rewrite Rmult_1_l. apply cosine_le; [exact w_positive|lra].
  - rewrite <- (Ropp_involutive (line_angle s w alpha)), cos_neg.
    rewrite <- mirrored_angle by exact w_positive.
    replace (-1 * (alpha - s)) with (2 * s - alpha - s) by ring.
    apply cosine_le; [exact w_positive|lra].
Qed.

(* A non-zero next term sets the side once the strength is large. *)
Lemma ends_beside z : In z V -> a z <> Ea -> exists bound, forall alpha,
  bound < sign * alpha ->
  0 < (a z - Ea) * (softmax V (f alpha) z - q z).
Proof.
  intros z_in apart. pose proof second_nonneg as C_nonneg.
  set (C := second_order ra rb) in *. set (D := a z - Ea).
  assert (D_positive : 0 < Rabs D) by (apply Rabs_pos_lt; unfold D; lra).
  exists (sign * s + w * (C + 1) / Rabs D). intros alpha far.
  assert (0 < w * (C + 1) / Rabs D) by (apply Rdiv_lt_0_compat;
    [apply Rmult_lt_0_compat; lra|exact D_positive]).
  assert (beyond : w * (C + 1) / Rabs D < sign * (alpha - s)) by lra.
  pose proof (cosine_side alpha ltac:(lra)) as small.
  pose proof (cosine_pos s w w_positive alpha) as cos_positive.
  pose proof (approach_end alpha z ltac:(lra) z_in) as M. fold C D in M.
  assert (less : cosine alpha * (C + 1) < Rabs D).
  { apply Rle_lt_trans with (w / (sign * (alpha - s)) * (C + 1)).
    - apply Rmult_le_compat_r; lra.
    - apply (Rmult_lt_reg_r (sign * (alpha - s))); [lra|].
      replace (w / (sign * (alpha - s)) * (C + 1) * (sign * (alpha - s)))
        with (w * (C + 1)) by (field; split; nra).
      apply (Rmult_lt_compat_l (Rabs D)) in beyond; [|exact D_positive].
      replace (Rabs D * (w * (C + 1) / Rabs D)) with (w * (C + 1)) in beyond
        by (field; lra). exact beyond. }
  set (k := cosine alpha) in *.
  assert (q_positive : 0 < q z) by (apply softmax_positive; exact z_in).
  assert (p_positive : 0 < softmax V (f alpha) z)
    by (apply softmax_positive; exact z_in).
  apply abs_bounds in M.
  assert (kC : k ^ 2 * C < k * Rabs D).
  { replace (k ^ 2 * C) with (k * (k * C)) by ring.
    apply Rmult_lt_compat_l; [exact cos_positive|]. lra. }
  unfold Rabs in kC, D_positive. destruct (Rcase_abs D) as [neg|pos].
  - assert (ln (softmax V (f alpha) z) < ln (q z)) by nra.
    assert (softmax V (f alpha) z < q z) by (apply ln_lt_inv; assumption). nra.
  - assert (ln (q z) < ln (softmax V (f alpha) z)) by nra.
    assert (q z < softmax V (f alpha) z) by (apply ln_lt_inv; assumption). nra.
Qed.
End Sides.

Lemma circle_limit {A} (a b c : A -> R) s w sign z : 0 < w ->
  sign = 1 \/ sign = -1 ->
  tends_plus (fun x => on_circle a b c s w (sign * x) z) (c z + sign * b z).
Proof.
  intros w_positive either.
  assert (plus : forall (b : A -> R) s,
      tends_plus (fun x => on_circle a b c s w x z) (c z + 1 * b z)).
  { intros b' s'. replace (c z + 1 * b' z) with (0 * a z + 1 * b' z + c z)
      by ring.
    apply tends_plus_sum; [apply tends_plus_sum|apply tends_const].
    - apply tends_mult; [apply tends_cosine; exact w_positive|
        apply tends_const].
    - apply tends_mult; [apply tends_sine; exact w_positive|
        apply tends_const]. }
  destruct either as [->| ->].
  - apply (tends_ext (fun x => on_circle a b c s w x z)); [|apply plus].
    intros x. f_equal. ring.
  - replace (c z + -1 * b z) with (c z + 1 * - b z) by ring.
    apply (tends_ext (fun x => on_circle a (fun y => - b y) c (- s) w x z));
      [|apply (plus (fun y => - b y))].
    intros x. unfold on_circle, line_angle.
    replace ((-1 * x - s) / w) with (- ((x - - s) / w)) by (field; lra).
    rewrite atan_opp, cos_neg, sin_neg. ring.
Qed.

Lemma circle_law_limit {A} (V : list A) (a b c : A -> R) s w sign z :
  0 < w -> sign = 1 \/ sign = -1 -> In z V ->
  tends_plus (fun x => softmax V (on_circle a b c s w (sign * x)) z)
    (end_law V b c sign z).
Proof.
  intros w_positive either z_in.
  apply (softmax_limit V (fun x => on_circle a b c s w (sign * x)));
    [exact z_in|].
  intros y _. apply circle_limit; assumption.
Qed.

(* ---- Turns of log-odds ---- *)

Section Turns.
Variables (s w a b : R).
Hypothesis w_positive : 0 < w.

(* The derivative of cos t a + sin t b has the sign of b - tan t a. *)
Lemma sinusoid_derivative alpha :
  derivable_pt_lim
    (fun x => cos (line_angle s w x) * a + sin (line_angle s w x) * b) alpha
    (cos (line_angle s w alpha) / (1 + ((alpha - s) / w) ^ 2) / w
      * (b - (alpha - s) / w * a)).
Proof.
  set (x := (alpha - s) / w).
  assert (inner : derivable_pt_lim (fun y => (y - s) / w) alpha (/ w)).
  { apply (derivable_ext (fun y => / w * y + - (s / w)));
      [intros; unfold Rdiv; ring|].
    eapply derivable_value; [apply derivable_plus;
      [apply derivable_linear|apply derivable_pt_lim_const]|ring]. }
  assert (turn : derivable_pt_lim (line_angle s w) alpha (/ (1 + x ^ 2) * / w)).
  { apply (derivable_pt_lim_comp (fun y => (y - s) / w) atan); [exact inner|].
    apply derivable_pt_lim_atan. }
  assert (0 < 1 + x ^ 2) by (pose proof (pow2_ge_0 x); lra).
  eapply derivable_value.
  - apply derivable_plus.
    + apply (derivable_ext (fun y => a * cos (line_angle s w y)));
        [intros; ring|].
      apply derivable_scal, (derivable_pt_lim_comp (line_angle s w) cos);
        [exact turn|apply derivable_pt_lim_cos].
    + apply (derivable_ext (fun y => b * sin (line_angle s w y)));
        [intros; ring|].
      apply derivable_scal, (derivable_pt_lim_comp (line_angle s w) sin);
        [exact turn|apply derivable_pt_lim_sin].
  - rewrite sine_cosine. fold x. field. lra.
Qed.

Lemma factor_pos alpha :
  0 < cos (line_angle s w alpha) / (1 + ((alpha - s) / w) ^ 2) / w.
Proof.
  pose proof (pow2_ge_0 ((alpha - s) / w)).
  apply Rdiv_lt_0_compat; [|exact w_positive].
  apply Rdiv_lt_0_compat; [apply cosine_pos; exact w_positive|lra].
Qed.

Lemma sinusoid_peak : 0 < a ->
  peak (fun x => cos (line_angle s w x) * a + sin (line_angle s w x) * b)
    (finite (s + w * (b / a))).
Proof.
  intros a_positive.
  assert (sign : forall c, b - (c - s) / w * a = a / w * (s + w * (b / a) - c))
    by (intros; field; lra).
  assert (0 < a / w) by (apply Rdiv_lt_0_compat; assumption).
  split.
  - apply (positive_before _ _ sinusoid_derivative). intros c before.
    rewrite sign. apply Rmult_lt_0_compat; [apply factor_pos|].
    apply Rmult_lt_0_compat; lra.
  - apply (negative_after _ _ _ sinusoid_derivative). intros c after.
    rewrite sign. pose proof (factor_pos c).
    assert (0 < a / w * (c - (s + w * (b / a))))
      by (apply Rmult_lt_0_compat; lra). nra.
Qed.

Lemma sinusoid_rises : a = 0 -> 0 < b ->
  increasing (fun x => cos (line_angle s w x) * a + sin (line_angle s w x) * b).
Proof.
  intros a_zero b_positive.
  apply (positive_increasing _ _ sinusoid_derivative). intros c.
  apply Rmult_lt_0_compat; [apply factor_pos|]. rewrite a_zero. lra.
Qed.
End Turns.

Lemma peak_through (g f : R -> R) S :
  (forall x y, g x < g y -> f x < f y) -> peak g S -> peak f S.
Proof.
  intros keeps. destruct S as [|at_|]; simpl.
  - intros down x y x_lt_y. apply keeps, down, x_lt_y.
  - intros [up down]. split; intros x y; intros; apply keeps;
      [apply up|apply down]; assumption.
  - intros up x y x_lt_y. apply keeps, up, x_lt_y.
Qed.

Section LogOdds.
Context {A : Type}.
Variables (V : list A) (a b c : A -> R) (s w : R) (y z : A).
Hypothesis w_positive : 0 < w.

Notation f := (on_circle a b c s w).
Notation p alpha := (softmax V (f alpha)).
Notation L := (fun alpha => ln (p alpha z / p alpha y)).

Lemma softmax_log_odds alpha : In y V -> In z V ->
  L alpha = f alpha z - f alpha y.
Proof.
  intros y_in z_in. unfold softmax.
  assert (S : 0 < sum (fun x => exp (f alpha x)) V).
  { apply sum_pos; [intros E; rewrite E in y_in; exact y_in|].
    intros; apply exp_pos. }
  replace (exp (f alpha z) / _ / _) with (exp (f alpha z - f alpha y)).
  - apply ln_exp.
  - unfold Rminus. rewrite exp_plus, exp_Ropp.
    pose proof (exp_pos (f alpha y)). field. lra.
Qed.

Lemma log_odds_sinusoid alpha : In y V -> In z V ->
  L alpha = cos (line_angle s w alpha) * (a z - a y)
    + sin (line_angle s w alpha) * (b z - b y) + (c z - c y).
Proof.
  intros y_in z_in. cbv beta. rewrite softmax_log_odds by assumption.
  unfold on_circle. ring.
Qed.

Lemma log_odds_turn : In y V -> In z V ->
  (a y < a z ->
    peak L (finite (s + w * ((b z - b y) / (a z - a y))))) /\
  (a y = a z -> b y < b z -> peak L plus_infinity) /\
  (a y = a z -> b y = b z -> forall alpha, L alpha = c z - c y).
Proof.
  intros y_in z_in.
  assert (keeps : forall x x',
      cos (line_angle s w x) * (a z - a y)
        + sin (line_angle s w x) * (b z - b y)
      < cos (line_angle s w x') * (a z - a y)
        + sin (line_angle s w x') * (b z - b y) ->
      L x < L x').
  { intros x x' less. cbv beta.
    rewrite (log_odds_sinusoid x), (log_odds_sinusoid x') by assumption. lra. }
  split; [|split].
  - intros apart. apply (peak_through _ _ _ keeps).
    apply sinusoid_peak; [exact w_positive|lra].
  - intros same apart.
    apply (peak_through _ _ plus_infinity keeps).
    apply sinusoid_rises; [exact w_positive|lra|lra].
  - intros same_a same_b alpha. cbv beta.
    rewrite (log_odds_sinusoid alpha) by assumption.
    rewrite same_a, same_b. ring.
Qed.
End LogOdds.

(* With two tokens p(z) rises and falls with the log-odds. *)
Lemma two_tokens {A} (a b c : A -> R) s w (y z : A) : 0 < w -> a y < a z ->
  let p alpha := softmax (y :: z :: nil) (on_circle a b c s w alpha) in
  let turn := finite (s + w * ((b z - b y) / (a z - a y))) in
  peak (fun alpha => p alpha z) turn /\
  (forall alpha, p alpha y = 1 - p alpha z).
Proof.
  intros w_positive apart p turn.
  assert (y_in : In y (y :: z :: nil)) by (left; reflexivity).
  assert (z_in : In z (y :: z :: nil)) by (right; left; reflexivity).
  assert (total : forall alpha, p alpha y = 1 - p alpha z).
  { intros alpha. unfold p, softmax. simpl.
    pose proof (exp_pos (on_circle a b c s w alpha y)).
    pose proof (exp_pos (on_circle a b c s w alpha z)). field. lra. }
  split; [|exact total].
  apply (peak_through (fun alpha => ln (p alpha z / p alpha y))).
  - intros x x' less.
    assert (forall t, 0 < p t y /\ 0 < p t z)
      by (intros; split; apply softmax_positive; assumption).
    apply ln_lt_inv in less; try (apply Rdiv_lt_0_compat; apply H).
    rewrite !total in less.
    pose proof (H x) as [px qx]. pose proof (H x') as [px' qx'].
    rewrite total in px, px'.
    apply (Rmult_lt_compat_r ((1 - p x z) * (1 - p x' z))) in less;
      [|apply Rmult_lt_0_compat; assumption].
    replace (p x z / (1 - p x z) * ((1 - p x z) * (1 - p x' z)))
      with (p x z * (1 - p x' z)) in less by (field; lra).
    replace (p x' z / (1 - p x' z) * ((1 - p x z) * (1 - p x' z)))
      with (p x' z * (1 - p x z)) in less by (field; lra). lra.
  - apply (log_odds_turn (y :: z :: nil) a b c s w y z w_positive y_in z_in).
    exact apart.
Qed.

(* Of three tokens one may turn three times: its p falls, rises, falls, rises
   over the strengths -12/5, -3/4, 0, 3/4, 12/5. *)
Definition row_across (z : three) : R :=
  match z with first => 0 | _ => 4 end.
Definition row_along (z : three) : R :=
  match z with first => 0 | second => 3 | third => -3 end.

Lemma three_value alpha r : 0 < r -> r ^ 2 = 1 + alpha ^ 2 ->
  softmax (first :: second :: third :: nil)
    (on_circle row_across row_along (fun _ => 0) 0 1 alpha) first =
  1 / (1 + (exp ((4 + 3 * alpha) / r) + exp ((4 - 3 * alpha) / r))).
Proof.
  intros r_positive r_square.
  assert (E : sqrt (1 + Rsqr alpha) = r).
  { rewrite <- (sqrt_pow2 r) by lra. f_equal. rewrite r_square.
    unfold Rsqr. ring. }
  unfold softmax, on_circle, line_angle. simpl sum.
  replace ((alpha - 0) / 1) with alpha by field.
  rewrite cos_atan, sin_atan, E. unfold row_across, row_along.
  replace (1 / r * 0 + alpha / r * 0 + 0) with 0 by ring. rewrite exp_0.
  replace (1 / r * 4 + alpha / r * 3 + 0) with ((4 + 3 * alpha) / r)
    by (field; lra).
  replace (1 / r * 4 + alpha / r * -3 + 0) with ((4 - 3 * alpha) / r)
    by (field; lra).
  f_equal. ring.
Qed.

Lemma inverse_lt x y : 0 < x -> x < y -> 1 / (1 + y) < 1 / (1 + x).
Proof.
  intros x_positive less. apply Rmult_lt_compat_l; [lra|].
  apply Rinv_lt_contravar; [apply Rmult_lt_0_compat|]; lra.
Qed.

Lemma three_turns :
  let p alpha := softmax (first :: second :: third :: nil)
    (on_circle row_across row_along (fun _ => 0) 0 1 alpha) first in
  p (- (3 / 4)) < p (- (12 / 5)) /\ p (- (3 / 4)) < p 0 /\
  p (3 / 4) < p 0 /\ p (3 / 4) < p (12 / 5).
Proof.
  intros p. unfold p.
  rewrite (three_value (- (3 / 4)) (5 / 4)) by (lra || field).
  rewrite (three_value (3 / 4) (5 / 4)) by (lra || field).
  rewrite (three_value (- (12 / 5)) (13 / 5)) by (lra || field).
  rewrite (three_value (12 / 5) (13 / 5)) by (lra || field).
  rewrite (three_value 0 1) by (lra || field).
  assert (middle : exp 4 + exp 4 < exp 5 + exp (7 / 5)).
  { assert (E : exp 5 = exp 4 * exp 1) by (rewrite <- exp_plus; f_equal; ring).
    pose proof (exp_pos 4). pose proof (exp_pos (7 / 5)).
    assert (1 + 1 < exp 1) by (apply exp_ineq1, R1_neq_R0).
    assert (exp 4 * (1 + 1) < exp 4 * exp 1)
      by (apply Rmult_lt_compat_l; assumption). lra. }
  assert (far : exp (56 / 13) + exp (- (16 / 13)) < exp 5 + exp (7 / 5)).
  { apply Rplus_lt_compat; apply exp_increasing; lra. }
  pose proof (exp_pos 4). pose proof (exp_pos (56 / 13)).
  pose proof (exp_pos (- (16 / 13))).
  replace ((4 + 3 * - (3 / 4)) / (5 / 4)) with (7 / 5) by field.
  replace ((4 - 3 * - (3 / 4)) / (5 / 4)) with 5 by field.
  replace ((4 + 3 * (3 / 4)) / (5 / 4)) with 5 by field.
  replace ((4 - 3 * (3 / 4)) / (5 / 4)) with (7 / 5) by field.
  replace ((4 + 3 * - (12 / 5)) / (13 / 5)) with (- (16 / 13)) by field.
  replace ((4 - 3 * - (12 / 5)) / (13 / 5)) with (56 / 13) by field.
  replace ((4 + 3 * (12 / 5)) / (13 / 5)) with (56 / 13) by field.
  replace ((4 - 3 * (12 / 5)) / (13 / 5)) with (- (16 / 13)) by field.
  replace ((4 + 3 * 0) / 1) with 4 by field.
  replace ((4 - 3 * 0) / 1) with 4 by field.
  repeat split; apply inverse_lt; lra.
Qed.

(* ---- The plateau of the loss ---- *)

Section Plateau.
Context {A J : Type}.
Variables (V : list A) (js : list J) (pi : J -> R) (p a : J -> A -> R)
  (b c : A -> R) (s w ra : J -> R) (rb sign : R).
Hypothesis V_nonempty : V <> nil.
Hypothesis p_laws : laws V js p.
Hypothesis pi_weights : weights js pi.
Hypothesis w_positive : forall j, In j js -> 0 < w j.
Hypothesis either : sign = 1 \/ sign = -1.

Notation f := (fun alpha j => on_circle (a j) b c (s j) (w j) alpha).
Notation q := (end_law V b c sign).
Notation increase := (fun alpha =>
  cross_entropy V js pi p (fun j => softmax V (f alpha j))
  - cross_entropy V js pi p p).
Notation plateau := (sum (fun j => pi j * KL V (p j) q) js).
Notation cosine alpha j := (cos (line_angle (s j) (w j) alpha)).

Lemma plateau_difference : plateau =
  cross_entropy V js pi p (fun _ => q) - cross_entropy V js pi p p.
Proof.
  unfold cross_entropy.
  match goal with
    |- _ = - ?x - - ?y => replace (- x - - y) with (y - x) by ring end.
  rewrite <- sum_minus. apply sum_ext. intros j j_in.
  rewrite <- Rmult_minus_distr_l, <- sum_minus. f_equal. apply sum_ext.
  intros z z_in. pose proof (proj1 (p_laws j j_in) z z_in) as Pz.
  assert (Qz : 0 < q z) by (apply softmax_positive; exact z_in).
  unfold Rdiv. rewrite ln_mult, ln_Rinv;
    [ring|exact Qz|exact Pz|apply Rinv_0_lt_compat; exact Qz].
Qed.

Lemma loss_approach : (forall j, In j js -> ranges V (a j) (ra j)) ->
  ranges V b rb ->
  forall alpha, (forall j, In j js -> 0 <= sign * (alpha - s j)) ->
  Rabs (increase alpha - plateau + sum (fun j => pi j * (cosine alpha j *
      (sum (fun z => p j z * a j z) V - sum (fun z => q z * a j z) V))) js) <=
    sum (fun j => pi j * (cosine alpha j ^ 2 * second_order (ra j) rb)) js.
Proof.
  intros a_ranges b_ranges alpha beyond.
  set (rest := fun j z => ln (softmax V (f alpha j) z) - ln (q z)
    - cosine alpha j * (a j z - sum (fun y => q y * a j y) V)).
  replace (increase alpha - plateau + _) with
    (sum (fun j => pi j * - sum (fun z => p j z * rest j z) V) js).
  - eapply Rle_trans; [apply sum_abs|]. apply sum_le. intros j j_in.
    pose proof (proj1 pi_weights j j_in) as pi_positive.
    pose proof (p_laws j j_in) as [Pp p_sum].
    rewrite Rabs_mult, (Rabs_right (pi j)) by lra.
    apply Rmult_le_compat_l; [lra|]. rewrite Rabs_Ropp.
    eapply Rle_trans; [apply sum_abs|].
    rewrite <- (Rmult_1_l (_ * second_order _ _)), <- p_sum, <- sum_scal_r.
    apply sum_le. intros z z_in. specialize (Pp z z_in).
    rewrite Rabs_mult, (Rabs_right (p j z)) by lra.
    apply Rmult_le_compat_l; [lra|]. unfold rest.
    apply (approach_end V (a j) b c (s j) (w j) (ra j) rb sign V_nonempty
      (w_positive j j_in) (a_ranges j j_in) b_ranges either alpha z
      (beyond j j_in) z_in).
  - rewrite plateau_difference. unfold cross_entropy.
    match goal with |- _ = - ?x - - ?y - (- ?u - - ?y) + ?k =>
      replace (- x - - y - (- u - - y) + k) with (u - x + k) by ring end.
    rewrite <- sum_minus, <- sum_plus. apply sum_ext. intros j j_in.
    pose proof (p_laws j j_in) as [_ p_sum].
    rewrite <- Rmult_minus_distr_l, <- Rmult_plus_distr_l. f_equal.
    unfold rest.
    rewrite (sum_ext (fun z => p j z * _) (fun z =>
      p j z * ln (softmax V (f alpha j) z) - p j z * ln (q z)
      - (cosine alpha j * (p j z * a j z)
        - cosine alpha j * sum (fun y => q y * a j y) V * p j z)))
      by (intros; ring).
    rewrite !sum_minus, !sum_scal, p_sum. ring.
Qed.

Lemma loss_limit : tends_plus (fun x => increase (sign * x)) plateau.
Proof.
  rewrite plateau_difference. apply tends_minus_const.
  apply (cross_entropy_limit V js pi p (fun x j => f (sign * x) j)
    (fun z => c z + sign * b z)).
  intros j z j_in _. apply circle_limit; [apply w_positive; exact j_in|].
  exact either.
Qed.

Lemma budget_beyond : forall k,
  (k < plateau -> exists bound, forall alpha, bound < sign * alpha ->
    k < increase alpha) /\
  (plateau < k -> exists bound, forall alpha, bound < sign * alpha ->
    increase alpha < k).
Proof.
  assert (back : forall x, sign * (sign * x) = x)
    by (intros; destruct either as [->| ->]; ring).
  intros k. split; intros apart;
    (destruct (loss_limit (Rabs (plateau - k))) as [bound near];
      [apply Rabs_pos_lt; lra|]); exists bound; intros alpha far;
    specialize (near (sign * alpha) far); cbv beta in near;
    rewrite back in near; apply Rabs_def2 in near.
  - rewrite Rabs_right in near by lra. lra.
  - rewrite Rabs_left in near by lra. lra.
Qed.
End Plateau.
