(* The tilt by an estimate M' of M that is off by at most eta, up to a
   constant: no log-probability, total variation or loss is far off. *)
From Coq Require Import Reals List Lra Lia.
From Steering Require Import Definitions Sum Calculus Infinity Tilt Bump
  Concepts CrossEntropy Budget.
Open Scope R_scope.

Lemma estimates_ranges {A} (V : list A) M M' eta : V <> nil ->
  (estimates V M M' eta <-> ranges V (fun z => M' z - M z) (2 * eta)).
Proof.
  intros V_nonempty. split.
  - intros [c near] y z y_in z_in.
    pose proof (abs_bounds _ _ (near y y_in)).
    pose proof (abs_bounds _ _ (near z z_in)). lra.
  - intros M_ranges.
    destruct (ranges_interval V _ V_nonempty _ M_ranges) as [lo between].
    exists (lo + eta). intros z z_in. specialize (between z z_in).
    cbv beta in between. apply Rabs_le. lra.
Qed.

(* ---- Log-probabilities ---- *)

Section One.
Context {A : Type}.
Variables (V : list A) (p M M' : A -> R) (eta : R).
Hypothesis p_positive : positive V p.
Hypothesis V_nonempty : V <> nil.
Hypothesis M_estimates : estimates V M M' eta.

Lemma estimates_nonneg : 0 <= eta.
Proof.
  apply (estimates_ranges V M M' eta V_nonempty) in M_estimates.
  apply (ranges_nonneg V _ V_nonempty) in M_estimates. lra.
Qed.

Lemma weight_estimated alpha z :
  weight p M' alpha z = weight p M alpha z * exp (alpha * (M' z - M z)).
Proof.
  unfold weight. rewrite Rmult_assoc, <- exp_plus. do 2 f_equal. ring.
Qed.

Lemma scaled_error alpha c z : Rabs (M' z - M z - c) <= eta ->
  alpha * c - Rabs alpha * eta <= alpha * (M' z - M z)
    <= alpha * c + Rabs alpha * eta.
Proof.
  intros near.
  assert (B : Rabs (alpha * (M' z - M z - c)) <= Rabs alpha * eta).
  { rewrite Rabs_mult. apply Rmult_le_compat_l; [apply Rabs_pos|exact near]. }
  apply abs_bounds in B. lra.
Qed.

Lemma log_partition_estimated alpha c :
  (forall z, In z V -> Rabs (M' z - M z - c) <= eta) ->
  Rabs (log_partition V p M' alpha - log_partition V p M alpha - alpha * c)
    <= Rabs alpha * eta.
Proof.
  intros near. unfold log_partition.
  pose proof (partition_pos V p M p_positive V_nonempty alpha) as Z0.
  pose proof (partition_pos V p M' p_positive V_nonempty alpha) as Z1.
  assert (L : forall x, ln (partition V p M alpha * exp x) =
      ln (partition V p M alpha) + x).
  { intros x. rewrite ln_mult, ln_exp by (exact Z0 || apply exp_pos).
    reflexivity. }
  assert (W : forall x y, x <= y -> 0 < x -> ln x <= ln y).
  { intros x y [x_lt_y|<-] x_positive; [left; apply ln_increasing|right];
      trivial. }
  assert (upper : partition V p M' alpha <=
      partition V p M alpha * exp (alpha * c + Rabs alpha * eta)).
  { unfold partition. rewrite <- sum_scal_r. apply sum_le. intros z z_in.
    rewrite weight_estimated. apply Rmult_le_compat_l;
      [left; apply (weight_pos V p M p_positive alpha z z_in)|].
    apply exp_le, scaled_error, near, z_in. }
  assert (lower : partition V p M alpha * exp (alpha * c - Rabs alpha * eta) <=
      partition V p M' alpha).
  { unfold partition. rewrite <- sum_scal_r. apply sum_le. intros z z_in.
    rewrite weight_estimated. apply Rmult_le_compat_l;
      [left; apply (weight_pos V p M p_positive alpha z z_in)|].
    apply exp_le, scaled_error, near, z_in. }
  apply W in upper; [|exact Z1]. apply W in lower;
    [|apply Rmult_lt_0_compat; [exact Z0|apply exp_pos]].
  rewrite L in upper, lower. apply Rabs_le. lra.
Qed.

Lemma log_tilt N alpha z : In z V -> ln (tilt V p N alpha z) =
  ln (p z) + alpha * N z - log_partition V p N alpha.
Proof.
  intros z_in. pose proof (p_positive z z_in).
  pose proof (partition_pos V p N p_positive V_nonempty alpha) as Z0.
  unfold tilt, Rdiv. rewrite ln_mult, ln_Rinv; try assumption;
    [|apply (weight_pos V p N p_positive alpha z z_in)
     |apply Rinv_0_lt_compat; exact Z0].
  unfold weight. rewrite ln_mult, ln_exp by (assumption || apply exp_pos).
  unfold log_partition. ring.
Qed.

Lemma log_tilt_estimated alpha z : In z V ->
  Rabs (ln (tilt V p M' alpha z) - ln (tilt V p M alpha z)) <=
    2 * Rabs alpha * eta.
Proof.
  intros z_in. destruct M_estimates as [c near].
  pose proof (abs_bounds _ _ (log_partition_estimated alpha c near)).
  pose proof (scaled_error alpha c z (near z z_in)).
  rewrite !log_tilt by exact z_in. apply Rabs_le. lra.
Qed.

(* Tilting p by M' is tilting it by M, then by the error. *)
Lemma tilt_twice alpha z : In z V ->
  tilt V (tilt V p M alpha) (fun y => M' y - M y) alpha z =
    tilt V p M' alpha z.
Proof.
  intros z_in.
  pose proof (partition_pos V p M p_positive V_nonempty alpha) as Z0.
  pose proof (partition_pos V p M' p_positive V_nonempty alpha) as Z1.
  assert (W : forall y, weight (tilt V p M alpha) (fun y => M' y - M y) alpha y
      = / partition V p M alpha * weight p M' alpha y).
  { intros y. rewrite weight_estimated. unfold weight, tilt, Rdiv.
    fold (weight p M alpha y). ring. }
  unfold tilt at 1. unfold partition at 1.
  rewrite (sum_ext _ _ V (fun y _ => W y)), sum_scal, W.
  apply ratio_scale, Rinv_0_lt_compat, Z0.
Qed.
End One.

(* ---- Total variation ---- *)

(* A log-odds step s moves a probability by at most tanh (s / 4): the two
   sides differ by (k - 1)(1 - u k)^2 / ..., u = e^x and k = e^(s/2). *)
Lemma logistic_step x y s : y - x <= s -> 0 <= s ->
  logistic y - logistic x <= tanh (s / 4).
Proof.
  intros step s_nonneg. apply Rle_trans with (logistic (x + s) - logistic x).
  { apply Rplus_le_compat_r. destruct (Req_dec y (x + s)) as [->|y_ne]; [lra|].
    left. apply logistic_increasing. lra. }
  set (k := exp (s / 2)). set (u := exp x).
  assert (T : tanh (s / 4) = (k - 1) / (k + 1)).
  { pose proof (logistic_tanh (s / 2)) as L.
    replace (s / 2 / 2) with (s / 4) in L by field.
    unfold logistic in L. fold k in L. assert (0 < k) by apply exp_pos.
    replace (tanh (s / 4)) with (2 * (k / (1 + k)) - 1) by lra. field. lra. }
  assert (0 < u) by apply exp_pos.
  assert (1 <= k) by (unfold k; rewrite <- exp_0; apply exp_le; lra).
  assert (E : exp (x + s) = u * (k * k)).
  { unfold u, k. rewrite <- !exp_plus. f_equal. field. }
  rewrite T. unfold logistic. rewrite E. fold u. apply difference_le.
  assert (0 < u * (k * k)) by (repeat apply Rmult_lt_0_compat; lra).
  replace ((k - 1) / (k + 1) - (u * (k * k) / (1 + u * (k * k)) - u / (1 + u)))
    with ((k - 1) * (1 - u * k) ^ 2 / ((k + 1) * (1 + u * (k * k)) * (1 + u)))
    by (field; lra).
  apply Rmult_le_pos; [apply Rmult_le_pos; [lra|apply pow2_ge_0]|].
  left. apply Rinv_0_lt_compat. repeat apply Rmult_lt_0_compat; lra.
Qed.

Lemma tanh_nonneg x : 0 <= x -> 0 <= tanh x.
Proof.
  intros x_nonneg. pose proof (logistic_step 0 0 (4 * x)) as L.
  replace (4 * x / 4) with x in L by field. lra.
Qed.

Section Variation.
Context {A : Type}.
Variables (V : list A) (q e : A -> R) (range : R).
Hypothesis q_law : law V q.
Hypothesis e_ranges : ranges V e range.

Lemma mass_step C alpha : proper C V ->
  Rabs (mass V q e C alpha - mass V q e C 0) <= tanh (range * Rabs alpha / 4).
Proof.
  intros C_proper. pose proof (proj1 q_law) as q_positive.
  pose proof (abs_bounds _ _
    (growth V q e C q_positive C_proper range alpha e_ranges)) as G.
  unfold nu in G.
  assert (0 <= range * Rabs alpha) by lra.
  rewrite !mass_logistic by assumption. apply Rabs_le.
  split; [|apply logistic_step; lra].
  apply Ropp_le_cancel. rewrite Ropp_involutive, Ropp_minus_distr.
  apply logistic_step; lra.
Qed.

Lemma tilt_variation alpha :
  variation_distance V (tilt V q e alpha) q <= tanh (range * Rabs alpha / 4).
Proof.
  pose proof (law_nonempty V q q_law) as V_nonempty.
  pose proof (proj1 q_law) as q_positive.
  assert (0 <= range) by (apply (ranges_nonneg V e V_nonempty), e_ranges).
  assert (0 <= tanh (range * Rabs alpha / 4)).
  { apply tanh_nonneg.
    assert (0 <= range * Rabs alpha)
      by (apply Rmult_le_pos; [assumption|apply Rabs_pos]). lra. }
  set (t := tilt V q e alpha).
  set (C := fun z => if Rlt_dec (q z) (t z) then true else false).
  assert (sum_t : sum t V = 1) by (apply tilt_sum; assumption).
  assert (sum_q : sum q V = 1) by apply q_law.
  rewrite (sum_split C) in sum_t, sum_q.
  assert (S : variation_distance V t q =
      sum t (members C V) - sum q (members C V)).
  { unfold variation_distance. rewrite (sum_split C).
    rewrite (sum_ext _ (fun z => t z - q z) (members C V)).
    2: { intros z z_in. apply members_in in z_in. destruct z_in as [_ Cz].
         unfold C in Cz. destruct (Rlt_dec (q z) (t z)); [|discriminate].
         apply Rabs_right. lra. }
    rewrite (sum_ext _ (fun z => q z - t z) (members (outside C) V)).
    2: { intros z z_in. apply outside_in in z_in. destruct z_in as [_ Cz].
         unfold C in Cz. destruct (Rlt_dec (q z) (t z)); [discriminate|].
         rewrite Rabs_minus_sym. apply Rabs_right. lra. }
    rewrite !sum_minus. lra. }
  rewrite S.
  destruct (members C V) as [|y rest] eqn:inner; [simpl; lra|].
  destruct (members (outside C) V) as [|x others] eqn:outer.
  { simpl in *. lra. }
  rewrite <- inner.
  assert (C_proper : proper C V).
  { split.
    - exists y. apply members_in. rewrite inner. left. reflexivity.
    - exists x. apply members_in. rewrite outer. left. reflexivity. }
  pose proof (abs_bounds _ _ (mass_step C alpha C_proper)) as B.
  rewrite mass_zero in B by assumption. unfold mass in B. fold t in B. lra.
Qed.
End Variation.

Lemma variation_estimated {A} (V : list A) p M M' eta alpha : law V p ->
  estimates V M M' eta ->
  variation_distance V (tilt V p M' alpha) (tilt V p M alpha) <=
    tanh (Rabs alpha * eta / 2).
Proof.
  intros p_law M_estimates. pose proof (law_nonempty V p p_law) as V_nonempty.
  pose proof (proj1 p_law) as p_positive.
  assert (q_law : law V (tilt V p M alpha)).
  { split; [|apply tilt_sum; assumption].
    intros z z_in. apply tilt_pos; assumption. }
  apply (estimates_ranges V M M' eta V_nonempty) in M_estimates.
  pose proof (tilt_variation V _ _ _ q_law M_estimates alpha) as B.
  replace (2 * eta * Rabs alpha / 4) with (Rabs alpha * eta / 2) in B by field.
  unfold variation_distance in *.
  rewrite (sum_ext _ (fun z =>
    Rabs (tilt V p M' alpha z - tilt V p M alpha z))) in B; [exact B|].
  intros z z_in. rewrite tilt_twice by assumption. reflexivity.
Qed.

(* ---- The loss, and a budget ---- *)

Section Loss.
Context {A J : Type}.
Variables (V : list A) (js : list J) (w : J -> R) (p : J -> A -> R)
  (M M' : A -> R) (eta : R).
Hypothesis p_laws : laws V js p.
Hypothesis w_weights : weights js w.
Hypothesis M_estimates : estimates V M M' eta.

Lemma loss_estimated (data : J -> A -> R) alpha : laws V js data ->
  Rabs (cross_entropy V js w data (fun j => tilt V (p j) M' alpha)
    - cross_entropy V js w data (fun j => tilt V (p j) M alpha)) <=
    2 * Rabs alpha * eta.
Proof.
  intros data_laws. unfold cross_entropy.
  match goal with
    |- Rabs (- ?a - - ?b) <= _ =>
      replace (- a - - b) with (b - a) by ring end.
  rewrite <- sum_minus, <- (pooled_const js w w_weights (2 * Rabs alpha * eta)).
  eapply Rle_trans; [apply sum_abs|]. apply sum_le. intros j j_in.
  assert (0 < w j) by (apply w_weights; exact j_in).
  rewrite <- Rmult_minus_distr_l, <- sum_minus, Rabs_mult, (Rabs_right (w j))
    by lra.
  apply Rmult_le_compat_l; [lra|]. eapply Rle_trans; [apply sum_abs|].
  destruct (data_laws j j_in) as [data_positive data_sum].
  apply Rle_trans with (sum (fun z => data j z * (2 * Rabs alpha * eta)) V);
    [|rewrite sum_scal_r, data_sum; lra].
  apply sum_le. intros z z_in. specialize (data_positive z z_in).
  rewrite <- Rmult_minus_distr_l, Rabs_mult, (Rabs_right (data j z)) by lra.
  apply Rmult_le_compat_l; [lra|]. rewrite Rabs_minus_sym.
  apply log_tilt_estimated; try assumption;
    [apply (p_laws j j_in)|apply (law_nonempty V (p j)), p_laws, j_in].
Qed.

Lemma increase_estimated alpha :
  Rabs (cross_entropy_increase V js w p M' alpha
    - cross_entropy_increase V js w p M alpha) <= 2 * Rabs alpha * eta.
Proof.
  pose proof (loss_estimated p alpha p_laws) as B.
  unfold cross_entropy_increase.
  match goal with |- Rabs (?a - ?c - (?b - ?c)) <= _ =>
    replace (a - c - (b - c)) with (a - b) by ring end. exact B.
Qed.

Notation true_cost := (cross_entropy_increase V js w p M).
Notation estimated_cost := (cross_entropy_increase V js w p M').

Lemma feasible_estimated k alpha :
  estimated_cost alpha + 2 * Rabs alpha * eta <= k -> true_cost alpha <= k.
Proof.
  intros chosen. pose proof (abs_bounds _ _ (increase_estimated alpha)). lra.
Qed.

Lemma eta_nonneg : 0 <= eta.
Proof.
  apply (estimates_nonneg V M M' eta);
    [exact (V_nonempty V js w p p_laws w_weights)|exact M_estimates].
Qed.

Lemma margin_grows x y : varies V M' -> 0 <= x -> x < y ->
  estimated_cost x + 2 * x * eta < estimated_cost y + 2 * y * eta.
Proof.
  intros M_varies x_nonneg x_lt_y. pose proof eta_nonneg.
  pose proof (increase_grows V js w p M' p_laws w_weights M_varies x y x_nonneg
    x_lt_y).
  assert (x * eta <= y * eta) by (apply Rmult_le_compat_r; lra). lra.
Qed.

Lemma margin_root k : varies V M' -> 0 < k ->
  exists! a, 0 < a /\ estimated_cost a + 2 * a * eta = k.
Proof.
  intros M_varies k_positive. pose proof eta_nonneg.
  destruct (increase_unbounded V js w p M' p_laws w_weights k M_varies)
    as [x [x_positive beyond]].
  assert (C : continuity (fun a => estimated_cost a + 2 * eta * a)).
  { intros t. eapply derivable_continuity, derivable_plus;
      [apply increase_derivative; assumption|apply derivable_linear]. }
  assert (0 <= eta * x) by (apply Rmult_le_pos; lra).
  destruct (intermediate_value _ 0 x k C x_positive) as [a [a_between Ea]].
  { rewrite increase_zero by assumption. lra. }
  exists a. split; [split; lra|]. intros b [b_positive Eb].
  destruct (Rtotal_order a b) as [L|[L|L]]; [|exact L|];
    apply (margin_grows _ _ M_varies) in L; lra.
Qed.

(* It spends the budget but for 4 a eta, and is no
   larger than the strength that spends all of it. *)
Lemma margin_strength k : varies V M' -> 0 < k ->
  exists! a, (0 < a /\ estimated_cost a + 2 * a * eta = k) /\
    k - 4 * a * eta <= true_cost a <= k /\
    (varies V M -> forall b, 0 < b -> true_cost b = k -> a <= b).
Proof.
  intros M_varies k_positive.
  destruct (margin_root k M_varies k_positive) as [a [[a_positive Ea] U]].
  pose proof (abs_bounds _ _ (increase_estimated a)) as B.
  rewrite (Rabs_right a) in B by lra.
  exists a. split; [split; [split; assumption|split; [lra|]]|].
  - intros true_varies b b_positive Eb.
    apply (budget_feasible V js w p M p_laws w_weights k b a true_varies
      b_positive Eb). lra.
  - intros c [c_root _]. exact (U c c_root).
Qed.
End Loss.
