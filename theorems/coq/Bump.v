(* Theorem 3.3: every token peaks once, at the strength where the mean log-odds meets its own. *)
From Coq Require Import Reals List Lra Lia.
From Steering Require Import Definitions Sum Calculus Infinity Tilt Limits.
Open Scope R_scope.

(* ---- A curve has at most one peak in the extended reals ---- *)

Lemma below_trichotomy s t : s = t \/ below s t \/ below t s.
Proof.
  destruct s as [|a|], t as [|b|]; simpl; auto.
  destruct (Rtotal_order a b) as [H|[H|H]]; auto. subst; auto.
Qed.

Lemma peak_not_below f s t : peak f s -> peak f t -> ~ below s t.
Proof.
  (* between s and t the curve would both fall and rise *)
  destruct s as [|a|], t as [|b|]; simpl; try tauto; intros F G H.
  - specialize (F (b - 1) b ltac:(lra)). destruct G as [G _]. specialize (G (b - 1) b ltac:(lra) ltac:(lra)). lra.
  - specialize (F 0 1 ltac:(lra)). specialize (G 0 1 ltac:(lra)). lra.
  - destruct F as [_ F]. destruct G as [G _]. specialize (F a b ltac:(lra) H). specialize (G a b H ltac:(lra)). lra.
  - destruct F as [_ F]. specialize (F a (a + 1) ltac:(lra) ltac:(lra)). specialize (G a (a + 1) ltac:(lra)). lra.
Qed.

Lemma peak_unique f s t : peak f s -> peak f t -> s = t.
Proof.
  intros F G. destruct (below_trichotomy s t) as [H|[H|H]]; [exact H| |]; exfalso.
  - exact (peak_not_below f s t F G H).
  - exact (peak_not_below f t s G F H).
Qed.

(* ---- Pointwise equal curves (up to a constant) share their shape ---- *)

Lemma peak_shift f g c s : (forall x, g x = f x - c) -> peak f s -> peak g s.
Proof.
  intros E. destruct s as [|a|]; simpl; unfold decreasing, increasing, increasing_until, decreasing_from.
  - intros F x y H. rewrite !E. specialize (F x y H). lra.
  - intros [F G]. split; intros x y H1 H2; rewrite !E; [specialize (F x y H1 H2)|specialize (G x y H1 H2)]; lra.
  - intros F x y H. rewrite !E. specialize (F x y H). lra.
Qed.

Lemma peak_shift_iff f g c s : (forall x, g x = f x - c) -> (peak f s <-> peak g s).
Proof.
  intros E. split; [apply (peak_shift f g c); exact E|]. apply (peak_shift g f (- c)). intros x. rewrite E. ring.
Qed.

Lemma increasing_ext f g : (forall x, g x = f x) -> increasing f -> increasing g.
Proof. intros E F x y H. rewrite !E. apply F; exact H. Qed.

Lemma decreasing_ext f g : (forall x, g x = f x) -> decreasing f -> decreasing g.
Proof. intros E F x y H. rewrite !E. apply F; exact H. Qed.

Lemma increase_peak {A} (V : list A) p M z s :
  peak (fun alpha => tilt V p M alpha z) s <-> peak (probability_increase V p M z) s.
Proof. apply (peak_shift_iff _ _ (p z)). reflexivity. Qed.

Section Bump.
Context {A : Type}.
Variables (V : list A) (p M : A -> R).
Hypothesis Hp : positive V p.
Hypothesis HV : V <> nil.
Hypothesis HM : varies V M.

Notation E := (mean V p M).
Notation curve := (fun z alpha => tilt V p M alpha z).

(* The sign of dp/dalpha = p (M z - E) is that of M z - E, and E increases. *)
Lemma peak_at a z : In z V -> E a = M z -> peak (curve z) (finite a).
Proof.
  intros Hz Ha. pose proof (mean_increasing V p M Hp HV HM) as Inc.
  assert (D := fun x => tilt_derivative V p M Hp HV x z). cbv beta in D. split.
  - apply (positive_before _ _ D). intros c Hc. specialize (Inc c a Hc).
    apply Rmult_lt_0_compat; [apply tilt_pos; assumption|lra].
  - apply (negative_after _ _ _ D). intros c Hc. specialize (Inc a c Hc).
    pose proof (tilt_pos V p M Hp HV c z Hz). nra.
Qed.

Lemma peak_top z : In z V -> (forall y, In y V -> M y <= M z) -> peak (curve z) plus_infinity.
Proof.
  intros Hz H. apply (positive_increasing _ _ (fun x => tilt_derivative V p M Hp HV x z)). intros c.
  assert (E c < M z).
  { apply mean_lt; try assumption. destruct HM as [y [x [Hy [Hx L]]]]. exists y; split; [exact Hy|].
    specialize (H x Hx). lra. }
  apply Rmult_lt_0_compat; [apply tilt_pos; assumption|lra].
Qed.

Lemma peak_bottom z : In z V -> (forall y, In y V -> M z <= M y) -> peak (curve z) minus_infinity.
Proof.
  intros Hz H. apply (negative_decreasing _ _ (fun x => tilt_derivative V p M Hp HV x z)). intros c.
  assert (M z < E c).
  { apply mean_gt; try assumption. destruct HM as [x [y [Hx [Hy L]]]]. exists y; split; [exact Hy|].
    specialize (H x Hx). lra. }
  pose proof (tilt_pos V p M Hp HV c z Hz). nra.
Qed.

(* E runs continuously from the bottom to the top, so it meets every value between. *)
Lemma mean_meets top bottom v :
  highest V M top -> lowest V M bottom -> bottom < v < top -> exists a, E a = v.
Proof.
  intros Ht Hb Hv.
  destruct (tends_below _ _ (mean_limit V p M Hp HV top Ht) v) as [x [Hx Lx]]; [lra|].
  pose proof (mean_limit_minus V p M Hp HV bottom Hb) as Lim. apply tends_mirror in Lim.
  apply (tends_scal (-1)) in Lim.
  destruct (tends_below _ _ Lim (- v)) as [y [Hy Ly]]; [lra|].
  destruct (intermediate_value E (- y) x v) as [a [_ Ha]]; [|lra|lra|exists a; exact Ha].
  apply mean_continuous; assumption.
Qed.

Lemma mean_injective a b : E a = E b -> a = b.
Proof.
  intros H. pose proof (mean_increasing V p M Hp HV HM) as Inc.
  destruct (Rtotal_order a b) as [L|[L|L]]; [apply Inc in L|exact L|apply Inc in L]; lra.
Qed.

(* Where the peak sits, read off M. *)
Definition located (z : A) (s : strength) : Prop :=
  match s with
  | minus_infinity => forall y, In y V -> M z <= M y
  | finite a => E a = M z
  | plus_infinity => forall y, In y V -> M y <= M z
  end.

Lemma located_peak z s : In z V -> located z s -> peak (curve z) s.
Proof. destruct s; simpl; intros Hz H; [apply peak_bottom|apply peak_at|apply peak_top]; assumption. Qed.

Lemma located_exists z : In z V -> exists s, located z s.
Proof.
  intros Hz. destruct (highest_exists M V HV) as [top Ht]. destruct (lowest_exists M V HV) as [bot Hb].
  destruct (proj2 Ht z Hz) as [Lt|Et].
  - destruct (proj2 Hb z Hz) as [Lb|Eb].
    + destruct (mean_meets top bot (M z)) as [a Ha]; try assumption; [split; assumption|]. exists (finite a); exact Ha.
    + exists minus_infinity. simpl. intros y Hy. rewrite <- Eb. apply Hb; exact Hy.
  - exists plus_infinity. simpl. intros y Hy. rewrite Et. apply Ht; exact Hy.
Qed.

Lemma peak_located z s : In z V -> peak (curve z) s -> located z s.
Proof.
  intros Hz H. destruct (located_exists z Hz) as [t Ht].
  rewrite (peak_unique _ _ _ H (located_peak z t Hz Ht)). exact Ht.
Qed.

Lemma peak_exists_unique z : In z V -> exists! s, peak (curve z) s.
Proof.
  intros Hz. destruct (located_exists z Hz) as [s Hs]. exists s. split; [apply located_peak; assumption|].
  intros t Ht. apply (peak_unique _ _ _ (located_peak z s Hz Hs) Ht).
Qed.

Lemma bump z : In z V -> (exists y, In y V /\ M y < M z) -> (exists y, In y V /\ M z < M y) ->
  exists! a, peak (curve z) (finite a).
Proof.
  intros Hz [x [Hx Lx]] [y [Hy Ly]]. destruct (peak_exists_unique z Hz) as [s [Hs U]].
  pose proof (peak_located z s Hz Hs) as L. destruct s as [|a|]; simpl in L.
  - specialize (L x Hx). lra.
  - exists a. split; [exact Hs|]. intros b Hb. apply U in Hb. congruence.
  - specialize (L y Hy). lra.
Qed.

(* Peaks come in the order of the log-odds. *)
Lemma peak_order y z s t : In y V -> In z V -> M y < M z ->
  peak (curve y) s -> peak (curve z) t -> below s t.
Proof.
  intros Hy Hz L Ps Pt. apply peak_located in Ps; [|exact Hy]. apply peak_located in Pt; [|exact Hz].
  destruct s as [|a|], t as [|b|]; simpl in *; auto.
  - specialize (Pt y Hy). lra.
  - specialize (Pt y Hy). lra.
  - destruct (Rlt_le_dec a b) as [H|[H|H]]; [exact H| |].
    + pose proof (mean_increasing V p M Hp HV HM b a H). lra.
    + rewrite H in Pt. lra.
  - specialize (Ps z Hz). lra.
  - specialize (Ps z Hz). lra.
  - specialize (Ps z Hz). lra.
Qed.

(* The sign rule: a peak is right of alpha = 0 iff the token's log-odds exceeds the mean there. *)
Lemma peak_positive z s : In z V -> peak (curve z) s -> (below (finite 0) s <-> E 0 < M z).
Proof.
  intros Hz Ps. apply peak_located in Ps; [|exact Hz].
  pose proof (mean_increasing V p M Hp HV HM) as Inc. destruct s as [|a|]; simpl in *.
  - assert (M z <= E 0) by (apply mean_ge; assumption). split; [tauto|lra].
  - rewrite <- Ps. split; [apply Inc|]. intros H. destruct (Rtotal_order 0 a) as [L|[L|L]]; [exact L|subst; lra|].
    apply Inc in L. lra.
  - split; [|tauto]. intros _. apply mean_lt; try assumption. destruct HM as [y [x [Hy [Hx L]]]].
    exists y; split; [exact Hy|]. specialize (Ps x Hx). lra.
Qed.

Lemma peak_negative z s : In z V -> peak (curve z) s -> (below s (finite 0) <-> M z < E 0).
Proof.
  intros Hz Ps. apply peak_located in Ps; [|exact Hz].
  pose proof (mean_increasing V p M Hp HV HM) as Inc. destruct s as [|a|]; simpl in *.
  - split; [|tauto]. intros _. apply mean_gt; try assumption. destruct HM as [y [x [Hy [Hx L]]]].
    exists x; split; [exact Hx|]. specialize (Ps y Hy). lra.
  - rewrite <- Ps. split; [apply Inc|]. intros H. destruct (Rtotal_order 0 a) as [L|[L|L]]; [|subst; lra|exact L].
    apply Inc in L. lra.
  - assert (E 0 <= M z) by (apply mean_le; assumption). split; [tauto|lra].
Qed.

(* ---- Height: p_alpha(z) = p(z) e^{alpha M z - K(alpha)}, and the peak attains the supremum ---- *)

Lemma tilt_log alpha z : tilt V p M alpha z = p z * exp (alpha * M z - log_partition V p M alpha).
Proof.
  unfold tilt, weight, log_partition, Rminus. rewrite exp_plus, exp_Ropp, exp_ln by (apply partition_pos; assumption).
  unfold Rdiv. ring.
Qed.

Lemma exp_le x y : x <= y -> exp x <= exp y.
Proof. intros [H|H]; [left; apply exp_increasing; exact H|rewrite H; apply Rle_refl]. Qed.

Lemma peak_max a z : peak (curve z) (finite a) -> forall alpha, curve z alpha <= curve z a.
Proof.
  intros [Up Down] alpha. destruct (Rtotal_order alpha a) as [L|[L|L]].
  - left. apply Up; lra.
  - rewrite L. apply Rle_refl.
  - left. apply Down; lra.
Qed.

Lemma height z I : In z V ->
  is_lub (fun v => exists alpha, v = alpha * M z - log_partition V p M alpha) I ->
  is_lub (fun v => exists alpha, v = curve z alpha) (p z * exp I).
Proof.
  intros Hz [Ub Least]. pose proof (Hp z Hz) as Pz. split.
  - intros v [alpha ->]. rewrite tilt_log. apply Rmult_le_compat_l; [lra|]. apply exp_le, Ub. exists alpha; reflexivity.
  - intros b Hb. assert (0 < b).
    { apply Rlt_le_trans with (curve z 0); [apply tilt_pos; assumption|]. apply Hb. exists 0; reflexivity. }
    assert (0 < b / p z) by (apply Rdiv_lt_0_compat; assumption).
    assert (I <= ln (b / p z)).
    { apply Least. intros v [alpha ->]. rewrite <- (ln_exp (alpha * M z - log_partition V p M alpha)).
      assert (exp (alpha * M z - log_partition V p M alpha) <= b / p z).
      { apply (Rmult_le_reg_l (p z)); [exact Pz|]. rewrite <- tilt_log.
        replace (p z * (b / p z)) with b by (field; lra). apply Hb. exists alpha; reflexivity. }
      destruct H1 as [H1|H1]; [left; apply ln_increasing; [apply exp_pos|exact H1]|rewrite H1; apply Rle_refl]. }
    apply exp_le in H1. rewrite exp_ln in H1 by assumption.
    apply (Rmult_le_compat_l (p z)) in H1; [|lra].
    replace (p z * (b / p z)) with b in H1 by (field; lra). exact H1.
Qed.

Lemma height_at a z : In z V -> peak (curve z) (finite a) ->
  is_lub (fun v => exists alpha, v = alpha * M z - log_partition V p M alpha)
         (a * M z - log_partition V p M a).
Proof.
  intros Hz Pk. split.
  - intros v [alpha ->]. pose proof (peak_max a z Pk alpha) as H. cbv beta in H. rewrite !tilt_log in H.
    apply Rmult_le_reg_l in H; [|apply Hp; exact Hz].
    destruct (Rle_lt_dec (alpha * M z - log_partition V p M alpha) (a * M z - log_partition V p M a)) as [L|L];
      [exact L|]. apply exp_increasing in L. lra.
  - intros b Hb. apply Hb. exists a; reflexivity.
Qed.

(* ---- The same, of the increase p_alpha(z) - p(z) ---- *)

Notation increase := (probability_increase V p M).

Lemma increase_peaks_once z : In z V -> exists! s, peak (increase z) s.
Proof.
  intros Hz. destruct (peak_exists_unique z Hz) as [s [Hs U]].
  exists s. split; [apply increase_peak; exact Hs|]. intros t Ht. apply U, increase_peak, Ht.
Qed.

Lemma increase_bump z : In z V -> (exists y, In y V /\ M z < M y) -> (exists y, In y V /\ M y < M z) ->
  exists! a, increasing_until a (increase z) /\ decreasing_from a (increase z).
Proof.
  intros Hz Above Below. destruct (bump z Hz Below Above) as [a [Ha U]].
  exists a. split; [apply (increase_peak V p M z (finite a)); exact Ha|].
  intros b Hb. apply U, (increase_peak V p M z (finite b)). exact Hb.
Qed.

Lemma increase_order y z s t : In y V -> In z V -> M y < M z ->
  peak (increase y) s -> peak (increase z) t -> below s t.
Proof. intros Hy Hz L Ps Pt. apply (peak_order y z s t Hy Hz L); apply increase_peak; assumption. Qed.

Lemma increase_monotone z : In z V ->
  ((forall y, In y V -> M y <= M z) -> increasing (increase z)) /\
  ((forall y, In y V -> M z <= M y) -> decreasing (increase z)).
Proof.
  intros Hz. split; intros E.
  - apply (increase_peak V p M z plus_infinity), peak_top; assumption.
  - apply (increase_peak V p M z minus_infinity), peak_bottom; assumption.
Qed.

Lemma height_of_peak z : In z V ->
  (forall I, is_lub (fun v => exists alpha, v = alpha * M z - log_partition V p M alpha) I ->
             is_lub (fun v => exists alpha, v = tilt V p M alpha z) (p z * exp I)) /\
  (forall a, peak (increase z) (finite a) ->
     is_lub (fun v => exists alpha, v = alpha * M z - log_partition V p M alpha) (a * M z - log_partition V p M a) /\
     tilt V p M a z = p z * exp (a * M z - log_partition V p M a)).
Proof.
  intros Hz. split; [intros I; apply height; exact Hz|]. intros a Pk. apply increase_peak in Pk.
  split; [exact (height_at a z Hz Pk)|exact (tilt_log a z)].
Qed.
End Bump.
