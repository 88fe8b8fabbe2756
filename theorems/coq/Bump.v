(* Theorem 3.3: every token peaks once, at the
   strength where the mean log-odds meets its own. *)
From Coq Require Import Reals List Lra Lia.
From Steering Require Import Definitions Sum Calculus Infinity Tilt Limits.
Open Scope R_scope.

(* ---- A curve has at most one peak in the extended reals ---- *)

Lemma below_trichotomy s t : s = t \/ below s t \/ below t s.
Proof.
  destruct s as [|a|], t as [|b|]; simpl; auto.
  destruct (Rtotal_order a b) as [a_eq_b|[a_eq_b|a_eq_b]]; auto. subst; auto.
Qed.

Lemma peak_not_below f s t : peak f s -> peak f t -> ~ below s t.
Proof.
  (* between s and t the curve would both fall and rise *)
  destruct s as [|a|], t as [|b|]; simpl; try tauto; intros F G s_below_t.
  - specialize (F (b - 1) b ltac:(lra)). destruct G as [G _].
    specialize (G (b - 1) b ltac:(lra) ltac:(lra)). lra.
  - specialize (F 0 1 ltac:(lra)). specialize (G 0 1 ltac:(lra)). lra.
  - destruct F as [_ F]. destruct G as [G _].
    specialize (F a b ltac:(lra) s_below_t).
    specialize (G a b s_below_t ltac:(lra)). lra.
  - destruct F as [_ F]. specialize (F a (a + 1) ltac:(lra) ltac:(lra)).
    specialize (G a (a + 1) ltac:(lra)). lra.
Qed.

Lemma peak_unique f s t : peak f s -> peak f t -> s = t.
Proof.
  intros F G.
  destruct (below_trichotomy s t) as [s_below_t|[s_below_t|s_below_t]];
    [exact s_below_t| |]; exfalso.
  - exact (peak_not_below f s t F G s_below_t).
  - exact (peak_not_below f t s G F s_below_t).
Qed.

(* ---- Pointwise equal curves (up to a constant) share their shape ---- *)

Lemma peak_shift f g c s : (forall x, g x = f x - c) -> peak f s -> peak g s.
Proof.
  intros E.
  destruct s as [|a|]; simpl;
    unfold decreasing, increasing, increasing_until, decreasing_from.
  - intros F x y x_lt_y. rewrite !E. specialize (F x y x_lt_y). lra.
  - intros [F G].
    split; intros x y first_le second_le; rewrite !E; [specialize
        (F x y first_le second_le)|specialize (G x y first_le second_le)]; lra.
  - intros F x y x_lt_y. rewrite !E. specialize (F x y x_lt_y). lra.
Qed.

Lemma peak_shift_iff f g c s : (forall x, g x = f x - c) ->
  (peak f s <-> peak g s).
Proof.
  intros E. split; [apply (peak_shift f g c); exact E|].
  apply (peak_shift g f (- c)). intros x. rewrite E. ring.
Qed.

Lemma increase_peak {A} (V : list A) p M z s :
  peak (fun alpha => tilt V p M alpha z) s <->
  peak (probability_increase V p M z) s.
Proof. apply (peak_shift_iff _ _ (p z)). reflexivity. Qed.

(* ---- Replacing alpha by c alpha divides the peak by c ---- *)

Lemma divided_peak f s c : c <> 0 -> peak f s ->
  peak (fun alpha => f (c * alpha)) (divided s c).
Proof.
  intros c_nonzero.
  destruct s as [|a|]; simpl.
  - intros F. destruct (Rlt_dec 0 c); intros x y x_lt_y; apply F; nra.
  - intros [F G]. assert (E : a = c * (a / c)) by (field; exact c_nonzero).
    destruct (Rdichotomy c 0 c_nonzero);
      split; intros x y first_le second_le; (apply F; nra) || (apply G; nra).
  - intros F. destruct (Rlt_dec 0 c); intros x y x_lt_y; apply F; nra.
Qed.

Lemma divided_twice s c : c <> 0 -> divided (divided s c) (/ c) = s.
Proof.
  intros c_nonzero.
  assert (0 < / c <-> 0 < c).
  { split; intros positive; [rewrite <- (Rinv_inv c)|];
      apply Rinv_0_lt_compat; exact positive. }
  destruct s; simpl; [|f_equal; field; exact c_nonzero|];
    destruct (Rlt_dec 0 c); simpl; destruct (Rlt_dec 0 (/ c)); tauto.
Qed.

Lemma divided_peak_iff f s c : c <> 0 ->
  (peak f s <-> peak (fun alpha => f (c * alpha)) (divided s c)).
Proof.
  intros c_nonzero. split; [apply divided_peak; exact c_nonzero|].
  intros scaled. apply (divided_peak _ _ (/ c)) in scaled;
    [|apply Rinv_neq_0_compat; exact c_nonzero].
  rewrite divided_twice in scaled by exact c_nonzero.
  apply (peak_shift _ f 0) in scaled; [exact scaled|].
  intros x. rewrite <- Rmult_assoc, Rinv_r by exact c_nonzero.
  rewrite Rmult_1_l. ring.
Qed.

(* For c < 0 the order is turned round. *)
Lemma divided_below s t c :
  (0 < c -> (below s t <-> below (divided s c) (divided t c))) /\
  (c < 0 -> (below s t <-> below (divided t c) (divided s c))).
Proof.
  assert (F : forall u v, c <> 0 -> u / c - v / c = (u - v) * / c)
    by (intros; field; assumption).
  split; intros c_sign.
  - pose proof (Rinv_0_lt_compat c c_sign).
    destruct s as [|a|], t as [|b|]; simpl;
      destruct (Rlt_dec 0 c); simpl; try tauto; try lra.
    specialize (F b a ltac:(lra)). split; nra.
  - pose proof (Rinv_lt_0_compat c c_sign).
    destruct s as [|a|], t as [|b|]; simpl;
      destruct (Rlt_dec 0 c); simpl; try tauto; try lra.
    specialize (F b a ltac:(lra)). split; nra.
Qed.

Lemma tilt_scaled {A} (V : list A) p M c alpha z :
  tilt V p (fun y => c * M y) alpha z = tilt V p M (c * alpha) z.
Proof.
  assert (E : forall y,
      weight p (fun y => c * M y) alpha y = weight p M (c * alpha) y)
    by (intros; unfold weight; do 2 f_equal; ring).
  unfold tilt, partition. rewrite E, (sum_ext _ _ V (fun y _ => E y)).
  reflexivity.
Qed.

Lemma scaled_increase {A} (V : list A) p M c z s : c <> 0 ->
  (peak (probability_increase V p M z) s <->
   peak (probability_increase V p (fun y => c * M y) z) (divided s c)).
Proof.
  intros c_nonzero.
  rewrite (divided_peak_iff _ s c c_nonzero).
  apply (peak_shift_iff _ _ 0). intros alpha. unfold probability_increase.
  rewrite tilt_scaled. ring.
Qed.

Section Bump.
Context {A : Type}.
Variables (V : list A) (p M : A -> R).
Hypothesis p_positive : positive V p.
Hypothesis V_nonempty : V <> nil.
Hypothesis M_varies : varies V M.

Notation E := (mean V p M).
Notation curve := (fun z alpha => tilt V p M alpha z).

(* The sign of dp/dalpha = p (M z - E) is that of M z - E, and E increases. *)
Lemma peak_at a z : In z V -> E a = M z -> peak (curve z) (finite a).
Proof.
  intros z_in a_meets.
  pose proof (mean_increasing V p M p_positive V_nonempty M_varies) as Inc.
  assert (D := fun x => tilt_derivative V p M p_positive V_nonempty x z).
  cbv beta in D. split.
  - apply (positive_before _ _ D). intros c c_lt_a. specialize (Inc c a c_lt_a).
    apply Rmult_lt_0_compat; [apply tilt_pos; assumption|lra].
  - apply (negative_after _ _ _ D). intros c a_lt_c.
    specialize (Inc a c a_lt_c).
    pose proof (tilt_pos V p M p_positive V_nonempty c z z_in). nra.
Qed.

Lemma peak_top z : In z V -> (forall y, In y V -> M y <= M z) ->
  peak (curve z) plus_infinity.
Proof.
  intros z_in M_le_M.
  apply (positive_increasing _ _
      (fun x => tilt_derivative V p M p_positive V_nonempty x z)). intros c.
  assert (E c < M z).
  { apply mean_lt; try assumption. destruct M_varies as [y [x [y_in [x_in L]]]].
    exists y; split; [exact y_in|]. specialize (M_le_M x x_in). lra. }
  apply Rmult_lt_0_compat; [apply tilt_pos; assumption|lra].
Qed.

Lemma peak_bottom z : In z V -> (forall y, In y V -> M z <= M y) ->
  peak (curve z) minus_infinity.
Proof.
  intros z_in M_le_M.
  apply (negative_decreasing _ _
      (fun x => tilt_derivative V p M p_positive V_nonempty x z)). intros c.
  assert (M z < E c).
  { apply mean_gt; try assumption. destruct M_varies as [x [y [x_in [y_in L]]]].
    exists y; split; [exact y_in|]. specialize (M_le_M x x_in). lra. }
  pose proof (tilt_pos V p M p_positive V_nonempty c z z_in). nra.
Qed.

(* E runs continuously from the bottom to the top,
   so it meets every value between. *)
Lemma mean_meets top bottom v :
  highest V M top -> lowest V M bottom -> bottom < v < top -> exists a, E a = v.
Proof.
  intros top_highest bottom_lowest v_between.
  destruct (tends_below _ _ (mean_limit V p M p_positive V_nonempty top
      top_highest) v) as [x [x_positive Lx]]; [lra|].
  pose proof (mean_limit_minus V p M p_positive V_nonempty bottom bottom_lowest)
    as Lim. apply tends_mirror in Lim. apply (tends_scal (-1)) in Lim.
  destruct (tends_below _ _ Lim (- v)) as [y [y_positive Ly]]; [lra|].
  destruct (intermediate_value E (- y) x v) as [a [_ a_meets]];
    [|lra|lra|exists a; exact a_meets]. apply mean_continuous; assumption.
Qed.

Lemma mean_injective a b : E a = E b -> a = b.
Proof.
  intros mean_eq.
  pose proof (mean_increasing V p M p_positive V_nonempty M_varies) as Inc.
  destruct (Rtotal_order a b) as [L|[L|L]];
    [apply Inc in L|exact L|apply Inc in L]; lra.
Qed.

(* Where the peak is, read off M. *)
Definition located (z : A) (s : strength) : Prop :=
  match s with
  | minus_infinity => forall y, In y V -> M z <= M y
  | finite a => E a = M z
  | plus_infinity => forall y, In y V -> M y <= M z
  end.

Lemma located_peak z s : In z V -> located z s -> peak (curve z) s.
Proof.
  destruct s; simpl; intros z_in s_located;
    [apply peak_bottom|apply peak_at|apply peak_top]; assumption.
Qed.

Lemma located_exists z : In z V -> exists s, located z s.
Proof.
  intros z_in. destruct (highest_exists M V V_nonempty) as [top top_highest].
  destruct (lowest_exists M V V_nonempty) as [bot bot_lowest].
  destruct (proj2 top_highest z z_in) as [Lt|Et].
  - destruct (proj2 bot_lowest z z_in) as [Lb|Eb].
    + destruct (mean_meets top bot (M z)) as [a a_meets]; try assumption;
        [split; assumption|]. exists (finite a); exact a_meets.
    + exists minus_infinity. simpl. intros y y_in. rewrite <- Eb.
      apply bot_lowest; exact y_in.
  - exists plus_infinity. simpl. intros y y_in. rewrite Et.
    apply top_highest; exact y_in.
Qed.

Lemma peak_located z s : In z V -> peak (curve z) s -> located z s.
Proof.
  intros z_in s_peaks. destruct (located_exists z z_in) as [t t_located].
  rewrite (peak_unique _ _ _ s_peaks (located_peak z t z_in t_located)).
  exact t_located.
Qed.

Lemma peak_exists_unique z : In z V -> exists! s, peak (curve z) s.
Proof.
  intros z_in. destruct (located_exists z z_in) as [s s_located]. exists s.
  split; [apply located_peak; assumption|].
  intros t t_peaks.
  apply (peak_unique _ _ _ (located_peak z s z_in s_located) t_peaks).
Qed.

Lemma bump z : In z V -> (exists y, In y V /\ M y < M z) ->
  (exists y, In y V /\ M z < M y) ->
  exists! a, peak (curve z) (finite a).
Proof.
  intros z_in [x [x_in Lx]] [y [y_in Ly]].
  destruct (peak_exists_unique z z_in) as [s [s_peaks U]].
  pose proof (peak_located z s z_in s_peaks) as L.
  destruct s as [|a|]; simpl in L.
  - specialize (L x x_in). lra.
  - exists a. split; [exact s_peaks|]. intros b b_peaks. apply U in b_peaks.
    congruence.
  - specialize (L y y_in). lra.
Qed.

(* Peaks come in the order of the log-odds. *)
Lemma peak_order y z s t : In y V -> In z V -> M y < M z ->
  peak (curve y) s -> peak (curve z) t -> below s t.
Proof.
  intros y_in z_in L Ps Pt. apply peak_located in Ps; [|exact y_in].
  apply peak_located in Pt; [|exact z_in].
  destruct s as [|a|], t as [|b|]; simpl in *; auto.
  - specialize (Pt y y_in). lra.
  - specialize (Pt y y_in). lra.
  - destruct (Rlt_le_dec a b) as [b_lt_a|[b_lt_a|b_lt_a]]; [exact b_lt_a| |].
    + pose proof
        (mean_increasing V p M p_positive V_nonempty M_varies b a b_lt_a). lra.
    + rewrite b_lt_a in Pt. lra.
  - specialize (Ps z z_in). lra.
  - specialize (Ps z z_in). lra.
  - specialize (Ps z z_in). lra.
Qed.

(* The sign rule: a peak is right of alpha = 0 iff
   the token's log-odds exceeds the mean there. *)
Lemma peak_positive z s : In z V -> peak (curve z) s ->
  (below (finite 0) s <-> E 0 < M z).
Proof.
  intros z_in Ps. apply peak_located in Ps; [|exact z_in].
  pose proof (mean_increasing V p M p_positive V_nonempty M_varies) as Inc.
  destruct s as [|a|]; simpl in *.
  - assert (M z <= E 0) by (apply mean_ge; assumption). split; [tauto|lra].
  - rewrite <- Ps. split; [apply Inc|]. intros mean_less.
    destruct (Rtotal_order 0 a) as [L|[L|L]]; [exact L|subst; lra|].
    apply Inc in L. lra.
  - split; [|tauto]. intros _. apply mean_lt; try assumption.
    destruct M_varies as [y [x [y_in [x_in L]]]].
    exists y; split; [exact y_in|]. specialize (Ps x x_in). lra.
Qed.

Lemma peak_negative z s : In z V -> peak (curve z) s ->
  (below s (finite 0) <-> M z < E 0).
Proof.
  intros z_in Ps. apply peak_located in Ps; [|exact z_in].
  pose proof (mean_increasing V p M p_positive V_nonempty M_varies) as Inc.
  destruct s as [|a|]; simpl in *.
  - split; [|tauto]. intros _. apply mean_gt; try assumption.
    destruct M_varies as [y [x [y_in [x_in L]]]].
    exists x; split; [exact x_in|]. specialize (Ps y y_in). lra.
  - rewrite <- Ps. split; [apply Inc|]. intros mean_less.
    destruct (Rtotal_order 0 a) as [L|[L|L]]; [|subst; lra|exact L].
    apply Inc in L. lra.
  - assert (E 0 <= M z) by (apply mean_le; assumption). split; [tauto|lra].
Qed.

(* ---- Height: the peak attains the supremum of p e^{alpha M - K} ---- *)

Lemma tilt_log alpha z :
  tilt V p M alpha z = p z * exp (alpha * M z - log_partition V p M alpha).
Proof.
  unfold tilt, weight, log_partition, Rminus.
  rewrite exp_plus, exp_Ropp, exp_ln by (apply partition_pos; assumption).
  unfold Rdiv. ring.
Qed.

Lemma exp_le x y : x <= y -> exp x <= exp y.
Proof.
  intros [less|same];
    [left; apply exp_increasing; exact less|rewrite same; apply Rle_refl].
Qed.

Lemma peak_max a z : peak (curve z) (finite a) ->
  forall alpha, curve z alpha <= curve z a.
Proof.
  intros [Up Down] alpha. destruct (Rtotal_order alpha a) as [L|[L|L]].
  - left. apply Up; lra.
  - rewrite L. apply Rle_refl.
  - left. apply Down; lra.
Qed.

Lemma height z I : In z V ->
  is_lub
    (fun v => exists alpha, v = alpha * M z - log_partition V p M alpha) I ->
  is_lub (fun v => exists alpha, v = curve z alpha) (p z * exp I).
Proof.
  intros z_in [Ub Least]. pose proof (p_positive z z_in) as Pz. split.
  - intros v [alpha ->]. rewrite tilt_log. apply Rmult_le_compat_l; [lra|].
    apply exp_le, Ub. exists alpha; reflexivity.
  - intros b b_bounds. assert (0 < b).
    { apply Rlt_le_trans with (curve z 0); [apply tilt_pos; assumption|].
      apply b_bounds. exists 0; reflexivity. }
    assert (0 < b / p z) by (apply Rdiv_lt_0_compat; assumption).
    assert (I_le : I <= ln (b / p z)).
    { apply Least. intros v [alpha ->].
      rewrite <- (ln_exp (alpha * M z - log_partition V p M alpha)).
      assert (less : exp (alpha * M z - log_partition V p M alpha) <= b / p z).
      { apply (Rmult_le_reg_l (p z)); [exact Pz|]. rewrite <- tilt_log.
        replace (p z * (b / p z)) with b by (field; lra). apply b_bounds.
        exists alpha; reflexivity. }
      destruct less as [less|same]; [left; apply ln_increasing;
          [apply exp_pos|exact less]|rewrite same; apply Rle_refl]. }
    apply exp_le in I_le. rewrite exp_ln in I_le by assumption.
    apply (Rmult_le_compat_l (p z)) in I_le; [|lra].
    replace (p z * (b / p z)) with b in I_le by (field; lra). exact I_le.
Qed.

Lemma height_at a z : In z V -> peak (curve z) (finite a) ->
  is_lub (fun v => exists alpha, v = alpha * M z - log_partition V p M alpha)
         (a * M z - log_partition V p M a).
Proof.
  intros z_in Pk. split.
  - intros v [alpha ->]. pose proof (peak_max a z Pk alpha) as below_peak.
    cbv beta in below_peak. rewrite !tilt_log in below_peak.
    apply Rmult_le_reg_l in below_peak; [|apply p_positive; exact z_in].
    destruct (Rle_lt_dec (alpha * M z - log_partition V p M alpha) (a * M z
        - log_partition V p M a)) as [L|L]; [exact L|].
    apply exp_increasing in L. lra.
  - intros b b_bounds. apply b_bounds. exists a; reflexivity.
Qed.

(* ---- The same, of the increase p_alpha(z) - p(z) ---- *)

Notation increase := (probability_increase V p M).

Lemma increase_peaks_once z : In z V -> exists! s, peak (increase z) s.
Proof.
  intros z_in. destruct (peak_exists_unique z z_in) as [s [s_peaks U]].
  exists s. split; [apply increase_peak; exact s_peaks|]. intros t t_peaks.
  apply U, increase_peak, t_peaks.
Qed.

Lemma increase_bump z : In z V -> (exists y, In y V /\ M z < M y) ->
  (exists y, In y V /\ M y < M z) ->
  exists! a, increasing_until a (increase z) /\ decreasing_from a (increase z).
Proof.
  intros z_in Above Below.
  destruct (bump z z_in Below Above) as [a [a_peaks U]].
  exists a. split; [apply (increase_peak V p M z (finite a)); exact a_peaks|].
  intros b b_peaks. apply U, (increase_peak V p M z (finite b)). exact b_peaks.
Qed.

Lemma increase_order y z s t : In y V -> In z V -> M y < M z ->
  peak (increase y) s -> peak (increase z) t -> below s t.
Proof.
  intros y_in z_in L Ps Pt.
  apply (peak_order y z s t y_in z_in L); apply increase_peak; assumption.
Qed.

Lemma increase_monotone z : In z V ->
  ((forall y, In y V -> M y <= M z) -> increasing (increase z)) /\
  ((forall y, In y V -> M z <= M y) -> decreasing (increase z)).
Proof.
  intros z_in. split; intros E.
  - apply (increase_peak V p M z plus_infinity), peak_top; assumption.
  - apply (increase_peak V p M z minus_infinity), peak_bottom; assumption.
Qed.

Lemma height_of_peak z : In z V ->
  (forall I, is_lub
    (fun v => exists alpha, v = alpha * M z - log_partition V p M alpha) I ->
             is_lub
               (fun v => exists alpha, v = tilt V p M alpha z) (p z * exp I)) /\
  (forall a, peak (increase z) (finite a) ->
     is_lub (fun v => exists alpha, v = alpha * M z - log_partition V p M alpha)
       (a * M z - log_partition V p M a) /\
     tilt V p M a z = p z * exp (a * M z - log_partition V p M a)).
Proof.
  intros z_in. split; [intros I; apply height; exact z_in|]. intros a Pk.
  apply increase_peak in Pk.
  split; [exact (height_at a z z_in Pk)|exact (tilt_log a z)].
Qed.
End Bump.
