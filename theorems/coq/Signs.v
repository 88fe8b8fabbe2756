(* On which side of 0 a peak lies: the sign rule,
   and Remark 3.4 with the hypotheses it needs *)
From Coq Require Import Reals List Arith Lra Lia.
From Steering Require Import Definitions Sum Calculus Infinity Tilt Limits
  Bump Dataset.
Open Scope R_scope.

(* ---- The sign rule ---- *)

Section SignRule.
Context {A J : Type}.
Variables (V : list A) (p : J -> A -> R) (P N : list J).
Hypothesis p_laws : forall j, law V (p j).
Hypothesis P_nonempty : P <> nil.
Hypothesis N_nonempty : N <> nil.

Lemma average_KL j l : l <> nil -> average (fun i => KL V (p j) (p i)) l =
  sum (fun z => p j z * ln (p j z)) V
    - sum (fun z => p j z * average (fun i => ln (p i z)) l) V.
Proof.
  intros l_nonempty.
  rewrite (average_ext _ (fun i => sum (fun z => p j z * ln (p j z)) V
      - sum (fun z => p j z * ln (p i z)) V)).
  - unfold average. rewrite sum_minus, sum_const, sum_swap.
    pose proof (length_pos l l_nonempty).
    replace (sum (fun z => p j z *
        (sum (fun i => ln (p i z)) l / INR (length l))) V) with
      (sum (fun z => sum (fun i => p j z * ln (p i z)) l) V / INR (length l)).
    + field. lra.
    + rewrite <- sum_div. apply sum_ext. intros z _. rewrite sum_scal.
      unfold Rdiv. ring.
  - intros i _. unfold KL. rewrite <- sum_minus. apply sum_ext. intros z z_in.
    assert (0 < p j z) by (apply p_laws; exact z_in).
    assert (0 < p i z) by (apply p_laws; exact z_in).
    unfold Rdiv.
    rewrite ln_mult, ln_Rinv; try assumption;
      [ring|apply Rinv_0_lt_compat; assumption].
Qed.

(* The mean log-odds at alpha = 0 is a difference of mean divergences. *)
Lemma mean_zero_KL j : mean V (p j) (log_odds p P N) 0 =
  average (fun i => KL V (p j) (p i)) N - average (fun i => KL V (p j) (p i)) P.
Proof.
  rewrite !average_KL by assumption. unfold mean, expect, log_odds.
  rewrite (sum_ext _ (fun z => p j z * average (fun i => ln (p i z)) P
      - p j z * average (fun i => ln (p i z)) N)).
  - rewrite sum_minus. ring.
  - intros z _. rewrite tilt_zero by apply p_laws. ring.
Qed.

Lemma log_ratio_le u v : 0 < u -> 0 < v -> u - v <= u * ln (u / v).
Proof.
  intros u_positive v_positive.
  assert (0 < u / v) by (apply Rdiv_lt_0_compat; assumption).
  pose proof (exp_ineq1_le (- ln (u / v))) as X.
  rewrite exp_Ropp, exp_ln in X by assumption.
  apply (Rmult_le_compat_l u) in X; [|lra].
  replace (u * / (u / v)) with v in X by (field; lra). lra.
Qed.

Lemma log_ratio_lt u v : 0 < u -> 0 < v -> u <> v -> u - v < u * ln (u / v).
Proof.
  intros u_positive v_positive u_ne_v.
  assert (0 < u / v) by (apply Rdiv_lt_0_compat; assumption).
  assert (L : ln (u / v) <> 0).
  { intros E.
    assert (X : u / v = 1)
      by (rewrite <- exp_0, <- E, exp_ln by assumption; reflexivity).
    apply u_ne_v. replace u with (u / v * v) by (field; lra). rewrite X. ring. }
  assert (X := exp_ineq1 (- ln (u / v)) ltac:(lra)).
  rewrite exp_Ropp, exp_ln in X by assumption.
  apply (Rmult_lt_compat_l u) in X; [|lra].
  replace (u * / (u / v)) with v in X by (field; lra). lra.
Qed.

Lemma KL_nonneg i j : 0 <= KL V (p j) (p i).
Proof.
  replace 0 with (sum (fun z => p j z - p i z) V).
  - apply sum_le. intros z z_in. apply log_ratio_le; apply p_laws; exact z_in.
  - rewrite sum_minus. destruct (p_laws i) as [_ ->].
    destruct (p_laws j) as [_ ->]. ring.
Qed.

Lemma KL_pos i j : (exists z, In z V /\ p j z <> p i z) -> 0 < KL V (p j) (p i).
Proof.
  intros [z [z_in E]]. replace 0 with (sum (fun z => p j z - p i z) V).
  - apply sum_lt.
    + intros y y_in. apply log_ratio_le; apply p_laws; exact y_in.
    + exists z. split; [exact z_in|].
      apply log_ratio_lt; [apply p_laws; exact z_in..|exact E].
  - rewrite sum_minus. destruct (p_laws i) as [_ ->].
    destruct (p_laws j) as [_ ->]. ring.
Qed.

Lemma KL_same i j : (forall z, In z V -> p i z = p j z) -> KL V (p j) (p i) = 0.
Proof.
  intros E. apply sum_zero. intros z z_in. rewrite E by exact z_in.
  assert (0 < p j z) by (apply p_laws; exact z_in).
  replace (p j z / p j z) with 1 by (field; lra). rewrite ln_1. ring.
Qed.

(* Gibbs: no model has a smaller cross-entropy than
   the data's own distributions. *)
Lemma cross_entropy_floor (q : J -> A -> R) js w : (forall j, law V (q j)) ->
  (forall j, In j js -> 0 < w j) ->
  cross_entropy V js w p p <= cross_entropy V js w p q.
Proof.
  intros q_laws w_positive. unfold cross_entropy.
  apply Ropp_le_contravar, sum_le. intros j j_in.
  apply Rmult_le_compat_l; [left; apply w_positive; exact j_in|].
  assert (G : sum (fun z => p j z - q j z) V <=
      sum (fun z => p j z * ln (p j z) - p j z * ln (q j z)) V).
  { apply sum_le. intros z z_in.
    assert (Pz : 0 < p j z) by (apply p_laws; exact z_in).
    assert (Qz : 0 < q j z) by (apply q_laws; exact z_in).
    pose proof (log_ratio_le (p j z) (q j z) Pz Qz) as L.
    unfold Rdiv in L.
    rewrite ln_mult, ln_Rinv in L; try assumption;
      [lra|apply Rinv_0_lt_compat; exact Qz]. }
  rewrite !sum_minus in G. destruct (p_laws j) as [_ S1].
  destruct (q_laws j) as [_ S2]. rewrite S1, S2 in G. lra.
Qed.
Lemma peak_sign j z s : varies V (log_odds p P N) -> In z V ->
  peak (probability_increase V (p j) (log_odds p P N) z) s ->
  (below (finite 0) s <->
   average (fun i => KL V (p j) (p i)) N - average (fun i => KL V (p j) (p i)) P
     < log_odds p P N z).
Proof.
  intros M_varies z_in s_peaks. apply increase_peak in s_peaks.
  rewrite <- mean_zero_KL.
  exact (peak_positive V (p j) _ (proj1 (p_laws j))
      (law_nonempty V _ (p_laws j)) M_varies z s z_in s_peaks).
Qed.

(* Negative contexts with the context's own distribution:
   the mean log-odds at 0 is -KL <= 0 < M z. *)
Lemma one_law_positive j z s : varies V (log_odds p P N) ->
  (forall i, In i N -> forall y, In y V -> p i y = p j y) ->
  In z V -> 0 < log_odds p P N z ->
  peak (probability_increase V (p j) (log_odds p P N) z) s ->
  below (finite 0) s.
Proof.
  intros M_varies N_one z_in Mz Ps. apply (peak_sign j z s M_varies z_in Ps).
  rewrite (average_ext _ (fun _ => 0) N), average_const by
    (exact N_nonempty || (intros i i_in; apply KL_same, N_one, i_in)).
  assert (0 <= average (fun i => KL V (p j) (p i)) P); [|lra].
  rewrite <- (average_const 0 P P_nonempty).
  apply average_le; [exact P_nonempty|]. intros; apply KL_nonneg.
Qed.

(* Its mirror: positive contexts with the context's own distribution. *)
Lemma one_law_negative j z s : varies V (log_odds p P N) ->
  (forall i, In i P -> forall y, In y V -> p i y = p j y) ->
  (forall i, In i N -> exists y, In y V /\ p j y <> p i y) ->
  In z V -> log_odds p P N z <= 0 ->
  peak (probability_increase V (p j) (log_odds p P N) z) s ->
  below s (finite 0).
Proof.
  intros M_varies P_one N_differ z_in Mz Ps. apply increase_peak in Ps.
  apply (peak_negative V (p j) _ (proj1 (p_laws j))
      (law_nonempty V _ (p_laws j)) M_varies z s z_in Ps).
  rewrite mean_zero_KL.
  rewrite (average_ext _ (fun _ => 0) P), average_const by
    (exact P_nonempty || (intros i i_in; apply KL_same, P_one, i_in)).
  assert (0 < average (fun i => KL V (p j) (p i)) N); [|lra].
  rewrite <- (average_const 0 N N_nonempty).
  apply average_lt; [exact N_nonempty|]. intros i i_in. apply KL_pos; auto.
Qed.
End SignRule.

(* ---- Peaks in the paper's setting ---- *)

Section Peaks.
Context {A J : Type}.
Variables (V : list A) (kz : A -> nat) (kc : J -> nat) (a b : A -> R)
  (p : J -> A -> R) (P N : list J) (target : nat).
Hypothesis two_rates : assumption_1 V kz kc a b p.
Hypothesis steering : steering_sets kc target P N.
Hypothesis target_proper : proper (in_target kz target) V.

Notation M := (log_odds p P N).
Notation curve j z := (fun alpha => tilt V (p j) M alpha z).

Lemma same_concept i j z : kc i = kc j -> In z V -> p i z = p j z.
Proof.
  intros E z_in. destruct two_rates as [_ [_ Q]]. rewrite !Q, E by exact z_in.
  reflexivity.
Qed.

Lemma paper_laws j : law V (p j).
Proof. apply (rates_law V kz kc a b p two_rates). Qed.

Lemma paper_varies : varies V M.
Proof.
  destruct target_proper as [[z [z_in Tz]] [y [y_in Ty]]]. exists y, z.
  repeat split; try assumption.
  apply (steering_separated V kz kc a b p P N two_rates target steering);
    try assumption.
  unfold outside in Ty.
  destruct (in_target kz target y); [discriminate|reflexivity].
Qed.

Lemma paper_nonempty : V <> nil.
Proof.
  destruct target_proper as [[z [z_in _]] _]. intros E. rewrite E in z_in.
  exact z_in.
Qed.

(* ---- Remark 3.4 on the gamma/omega dataset ---- *)

Variables (g : R) (gamma omega : A -> R) (eps : R).
Hypothesis g_ge_one : 1 <= g.                       (* g = G - 1 *)
Hypothesis eps_between : 0 < eps < 1.
Hypothesis a_gamma : forall z, In z V -> a z = (1 - eps) * gamma z.
Hypothesis b_omega : forall z, In z V -> b z = eps * omega z / g.
Hypothesis gamma_sum : sum gamma (members (in_target kz target) V) = 1.
Hypothesis omega_sum : sum omega (members (in_target kz target) V) = 1.

Notation scale := ((1 - eps) * g / eps).

Lemma shapes_pos z : In z V -> 0 < gamma z /\ 0 < omega z.
Proof.
  intros z_in. pose proof (rates V kz kc a b p two_rates z z_in) as R.
  rewrite a_gamma, b_omega in R by exact z_in. destruct R as [[B L] _]. split.
  - destruct (Rlt_le_dec 0 (gamma z)) as [X|X]; [exact X|nra].
  - destruct (Rlt_le_dec 0 (omega z)) as [X|X]; [exact X|]. exfalso.
    assert (eps * omega z <= 0) by nra.
    assert (0 < / g) by (apply Rinv_0_lt_compat; lra). unfold Rdiv in B. nra.
Qed.

Lemma scale_pos : 0 < scale.
Proof. apply Rdiv_lt_0_compat; [apply Rmult_lt_0_compat|]; lra. Qed.

Lemma log_shapes z : In z V ->
  ln (a z / b z) = ln scale + ln (gamma z / omega z).
Proof.
  intros z_in. destruct (shapes_pos z z_in).
  rewrite <- ln_mult; [|apply scale_pos|apply Rdiv_lt_0_compat; assumption].
  f_equal. rewrite a_gamma, b_omega by exact z_in. field. repeat split; lra.
Qed.

(* Off target, M <= 0; on target, the mean of
   log(gamma/omega) under omega is <= 0 (Gibbs). *)
Lemma shapes_mean j : kc j <> target -> mean V (p j) M 0 <= eps / g * ln scale.
Proof.
  intros j_off_target. unfold mean, expect.
  rewrite (sum_split (in_target kz target)).
  apply Rle_trans with (eps / g * ln scale + 0); [|lra]. apply Rplus_le_compat.
  - rewrite (sum_ext _ (fun z => eps / g * ln scale * omega z
        + eps / g * (omega z * ln (gamma z / omega z)))).
    + rewrite sum_plus, !sum_scal, omega_sum.
      assert (sum (fun z => omega z * ln (gamma z / omega z))
          (members (in_target kz target) V) <= 0).
      { apply Rle_trans with
          (sum (fun z => gamma z - omega z) (members (in_target kz target) V)).
        - apply sum_le. intros z z_in. apply members_in in z_in.
          destruct (shapes_pos z (proj1 z_in)) as [G O].
          pose proof (log_ratio_le (omega z) (gamma z) O G) as L.
          replace (ln (omega z / gamma z))
            with (- ln (gamma z / omega z)) in L; [lra|].
          rewrite <- ln_Rinv by (apply Rdiv_lt_0_compat; assumption). f_equal.
          field. lra.
        - rewrite sum_minus, gamma_sum, omega_sum. lra. }
      assert (0 <= eps / g)
        by (apply Rmult_le_pos; [lra|left; apply Rinv_0_lt_compat; lra]). nra.
    + intros z z_in. apply members_in in z_in. destruct z_in as [z_in Tz].
      apply Nat.eqb_eq in Tz. rewrite tilt_zero by apply paper_laws.
      rewrite (steering_target V kz kc a b p P N two_rates target steering z
          z_in Tz), log_shapes by exact z_in.
      destruct two_rates as [_ [_ Q]]. rewrite Q, Tz by exact z_in.
      assert (Nat.eqb target (kc j) = false) as ->
        by (apply Nat.eqb_neq; congruence).
      rewrite b_omega by exact z_in. field. lra.
  - rewrite <- (sum_zero (fun _ => 0)
        (members (outside (in_target kz target)) V)) by reflexivity.
    apply sum_le. intros z z_in. apply outside_in in z_in.
    destruct z_in as [z_in Tz]. apply Nat.eqb_neq in Tz.
    apply nonpositive_product.
    + apply tilt_pos; [apply (paper_laws j)|apply paper_nonempty|exact z_in].
    + exact (steering_other V kz kc a b p P N two_rates target
          steering z z_in Tz).
Qed.

Lemma shapes_positive j z s : kc j <> target -> In z V -> kz z = target ->
  - ln (gamma z / omega z) < (1 - eps / g) * ln scale -> peak (curve j z) s ->
  below (finite 0) s.
Proof.
  intros j_off_target z_in Ez L Ps.
  apply (peak_positive V (p j) M
      (proj1 (paper_laws j)) paper_nonempty paper_varies z s z_in Ps).
  rewrite (steering_target V kz kc a b p P N two_rates target steering z z_in
      Ez), log_shapes by exact z_in.
  pose proof (shapes_mean j j_off_target). lra.
Qed.

(* The threshold function decreases, so one root
   eps0 serves every smaller eps. *)
Lemma threshold_decreasing eps0 : eps < eps0 -> eps0 <= g / (1 + g) ->
  (1 - eps0 / g) * ln ((1 - eps0) * g / eps0) < (1 - eps / g) * ln scale.
Proof.
  intros eps_lt_eps0 eps0_le.
  assert (X : eps0 * (1 + g) <= g).
  { replace g with (g / (1 + g) * (1 + g)) at 2 by (field; lra).
    apply Rmult_le_compat_r; lra. }
  assert (B0 : eps0 < 1) by nra.
  assert (L0 : 0 <= ln ((1 - eps0) * g / eps0)).
  { rewrite <- ln_1. assert (Y : 1 <= (1 - eps0) * g / eps0).
    { apply (Rmult_le_reg_r eps0); [lra|].
      replace ((1 - eps0) * g / eps0 * eps0) with ((1 - eps0) * g)
        by (field; lra). lra. }
    destruct Y as [Y|Y];
      [left; apply ln_increasing; lra|rewrite <- Y; apply Rle_refl]. }
  assert (L1 : ln ((1 - eps0) * g / eps0) < ln scale).
  { apply ln_increasing;
      [apply Rdiv_lt_0_compat; [apply Rmult_lt_0_compat|]; lra|].
    replace ((1 - eps0) * g / eps0) with (g * (/ eps0 - 1)) by (field; lra).
    replace ((1 - eps) * g / eps) with (g * (/ eps - 1)) by (field; lra).
    apply Rmult_lt_compat_l; [lra|].
    assert (/ eps0 < / eps)
      by (apply Rinv_lt_contravar; [apply Rmult_lt_0_compat|]; lra). lra. }
  assert (I : 0 < / g) by (apply Rinv_0_lt_compat; lra).
  assert (C1 : eps / g < eps0 / g) by (apply Rmult_lt_compat_r; lra).
  assert (C2 : eps0 / g < 1).
  { apply (Rmult_lt_reg_r g); [lra|].
    replace (eps0 / g * g) with eps0 by (field; lra). lra. }
  nra.
Qed.
End Peaks.
