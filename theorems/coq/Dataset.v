(* Assumption 1 and the difference of means: M is w_k
   log(a/b) (Lemma B.4), and the path it steers along *)
From Coq Require Import Reals List Arith Lra Lia.
From Steering Require Import Definitions Sum Calculus Infinity Tilt.
Open Scope R_scope.

(* ---- The rate inside a concept may depend on the context ---- *)

Section Varying.
Context {A J : Type}.
Variables (V : list A) (kz : A -> nat) (kc : J -> nat) (a : J -> A -> R)
  (b : A -> R) (p : J -> A -> R) (P N : list J) (target : nat).
Hypothesis a_above_b : forall j z, In z V -> 0 < b z < a j z.
Hypothesis p_rates : forall j z, In z V ->
  p j z = if Nat.eqb (kz z) (kc j) then a j z else b z.

(* What a context adds to ln b. *)
Notation gain j z :=
  (if Nat.eqb (kz z) (kc j) then ln (a j z / b z) else 0).

Lemma varying_positive j : positive V (p j).
Proof.
  intros z z_in. rewrite p_rates by exact z_in.
  pose proof (a_above_b j z z_in). destruct (Nat.eqb _ _); lra.
Qed.

Lemma varying_log j z : In z V -> ln (p j z) = ln (b z) + gain j z.
Proof.
  intros z_in. rewrite p_rates by exact z_in.
  pose proof (a_above_b j z z_in).
  destruct (Nat.eqb _ _); [|ring]. unfold Rdiv.
  rewrite ln_mult, ln_Rinv; try lra. apply Rinv_0_lt_compat; lra.
Qed.

Lemma varying_gain j z : In z V -> 0 < ln (a j z / b z).
Proof.
  intros z_in. pose proof (a_above_b j z z_in). rewrite <- ln_1.
  apply ln_increasing; [lra|].
  apply (Rmult_lt_reg_r (b z)); [lra|]. unfold Rdiv.
  rewrite Rmult_assoc, Rinv_l by lra. lra.
Qed.

Lemma varying_value z : P <> nil -> N <> nil -> In z V ->
  log_odds p P N z =
    average (fun i => gain i z) P - average (fun i => gain i z) N.
Proof.
  intros P_nonempty N_nonempty z_in. unfold log_odds.
  assert (E : forall l, l <> nil -> average (fun i => ln (p i z)) l =
      ln (b z) + average (fun i => gain i z) l).
  { intros l l_nonempty.
    rewrite (average_ext _ _ l (fun i _ => varying_log i z z_in)).
    unfold average. rewrite sum_plus, sum_const.
    pose proof (length_pos l l_nonempty). field. lra. }
  rewrite !E by assumption. ring.
Qed.

Hypothesis steering : steering_sets kc target P N.

Lemma varying_on z : In z V -> kz z = target -> 0 < log_odds p P N z.
Proof.
  destruct steering as [P_nonempty [N_nonempty [P_in_target N_off_target]]].
  intros z_in E. rewrite varying_value, (average_ext _ (fun _ => 0) N),
    average_const by (assumption || (intros i i_in;
      assert (Nat.eqb (kz z) (kc i) = false) as ->
        by (apply Nat.eqb_neq; specialize (N_off_target i i_in); congruence);
      reflexivity)).
  rewrite Rminus_0_r, <- (average_const 0 P P_nonempty).
  apply average_lt; [exact P_nonempty|]. intros i i_in.
  rewrite E, (P_in_target i i_in), Nat.eqb_refl. apply varying_gain, z_in.
Qed.

Lemma varying_off z : In z V -> kz z <> target -> log_odds p P N z <= 0.
Proof.
  destruct steering as [P_nonempty [N_nonempty [P_in_target N_off_target]]].
  intros z_in E. rewrite varying_value, (average_ext _ (fun _ => 0) P),
    average_const by (assumption || (intros i i_in;
      assert (Nat.eqb (kz z) (kc i) = false) as ->
        by (apply Nat.eqb_neq; rewrite (P_in_target i i_in); exact E);
      reflexivity)).
  assert (average (fun _ => 0) N <= average (fun i => gain i z) N); [|
    rewrite average_const in *; lra || assumption].
  apply average_le; [exact N_nonempty|]. intros i _.
  destruct (Nat.eqb _ _); [left; apply varying_gain, z_in|lra].
Qed.

Lemma varying_sign z : In z V -> (0 < log_odds p P N z <-> kz z = target).
Proof.
  intros z_in. split; [|apply varying_on; exact z_in]. intros M_positive.
  destruct (Nat.eq_dec (kz z) target) as [E|E]; [exact E|].
  pose proof (varying_off z z_in E). lra.
Qed.

Lemma varying_separated : separated (in_target kz target) V (log_odds p P N).
Proof.
  intros y z y_in z_in Ty Tz. apply Nat.eqb_eq in Tz. apply Nat.eqb_neq in Ty.
  pose proof (varying_off y y_in Ty). pose proof (varying_on z z_in Tz). lra.
Qed.
End Varying.

Lemma varying_law {A J} (V : list A) kz (kc : J -> nat) a b p j :
  assumption_1_varying V kz kc a b p -> law V (p j).
Proof.
  intros [above [sums rates]]. split; [|apply sums].
  apply (varying_positive V kz kc a b p); [|exact rates].
  intros i z z_in. apply above, z_in.
Qed.

(* ---- The rate inside a concept is the same for all its contexts ---- *)

Section Rates.
Context {A J : Type}.
Variables (V : list A) (kz : A -> nat) (kc : J -> nat) (a b : A -> R)
  (p : J -> A -> R) (P N : list J).
Hypothesis two_rates : assumption_1 V kz kc a b p.

Lemma rates z : In z V -> 0 < b z < a z /\ a z < 1.
Proof. apply two_rates. Qed.

Lemma rates_varying : assumption_1_varying V kz kc (fun _ => a) b p.
Proof. split; [intros _; apply two_rates|apply two_rates]. Qed.

Lemma rates_law j : law V (p j).
Proof. exact (varying_law V kz kc (fun _ => a) b p j rates_varying). Qed.

Lemma log_rates j z : In z V ->
  ln (p j z) =
    ln (b z) + ln (a z / b z) * (if Nat.eqb (kc j) (kz z) then 1 else 0).
Proof.
  intros z_in. rewrite (varying_log V kz kc (fun _ => a) b p); try exact z_in;
    [|intros; apply rates; assumption|apply two_rates].
  rewrite Nat.eqb_sym. destruct (Nat.eqb _ _); ring.
Qed.

Lemma average_rates l z : l <> nil -> In z V ->
  average (fun i => ln (p i z)) l =
    ln (b z) + ln (a z / b z) * share kc (kz z) l.
Proof.
  intros l_nonempty z_in.
  rewrite (average_ext _ _ l (fun i _ => log_rates i z z_in)).
  unfold share, average. rewrite sum_plus, sum_const, sum_scal.
  pose proof (length_pos l l_nonempty). field. lra.
Qed.

Lemma log_odds_rates z : P <> nil -> N <> nil -> In z V ->
  log_odds p P N z = concept_weight kc P N (kz z) * ln (a z / b z).
Proof.
  intros P_nonempty N_nonempty z_in. unfold log_odds.
  rewrite !average_rates by assumption. unfold concept_weight. ring.
Qed.

Lemma log_ratio_pos z : In z V -> 0 < ln (a z / b z).
Proof.
  intros z_in. pose proof (rates z z_in). rewrite <- ln_1.
  apply ln_increasing; [lra|].
  apply (Rmult_lt_reg_r (b z)); [lra|]. unfold Rdiv.
  rewrite Rmult_assoc, Rinv_l by lra. lra.
Qed.

(* Lemma B.4: the sign of M is the sign of w. *)
Lemma log_odds_sign target z : P <> nil -> N <> nil ->
  0 < concept_weight kc P N target ->
  (forall k, k <> target -> concept_weight kc P N k <= 0) -> In z V ->
  (0 < log_odds p P N z <-> kz z = target).
Proof.
  intros P_nonempty N_nonempty target_weight other_weights z_in.
  rewrite log_odds_rates by assumption. pose proof (log_ratio_pos z z_in).
  split.
  - intros L. destruct (Nat.eq_dec (kz z) target) as [E|E]; [exact E|].
    specialize (other_weights _ E). nra.
  - intros ->. apply Rmult_lt_0_compat; assumption.
Qed.

Variable target : nat.
Hypothesis steering : steering_sets kc target P N.

Lemma share_all k l : l <> nil -> (forall j, In j l -> kc j = k) ->
  share kc k l = 1.
Proof.
  intros l_nonempty all_k. unfold share.
  rewrite (average_ext _ (fun _ => 1));
    [apply average_const; exact l_nonempty|].
  intros j j_in. rewrite (all_k j j_in), Nat.eqb_refl. reflexivity.
Qed.

Lemma share_none k l : l <> nil -> (forall j, In j l -> kc j <> k) ->
  share kc k l = 0.
Proof.
  intros l_nonempty none_k. unfold share.
  rewrite (average_ext _ (fun _ => 0));
    [apply average_const; exact l_nonempty|].
  intros j j_in.
  assert (Nat.eqb (kc j) k = false) as ->
    by (apply Nat.eqb_neq, none_k; exact j_in). reflexivity.
Qed.

Lemma share_nonneg k l : l <> nil -> 0 <= share kc k l.
Proof.
  intros l_nonempty. rewrite <- (average_const 0 l l_nonempty).
  apply average_le; [exact l_nonempty|]. intros j _.
  destruct (Nat.eqb (kc j) k); lra.
Qed.

Lemma weight_target : concept_weight kc P N target = 1.
Proof.
  destruct steering as [P_nonempty [N_nonempty [P_in_target N_off_target]]].
  unfold concept_weight. rewrite share_all, share_none by assumption. ring.
Qed.

Lemma weight_other k : k <> target -> concept_weight kc P N k <= 0.
Proof.
  intros k_ne_target.
  destruct steering as [P_nonempty [N_nonempty [P_in_target N_off_target]]].
  unfold concept_weight.
  rewrite (share_none k P);
    [|exact P_nonempty|intros j j_in; rewrite (P_in_target j j_in); congruence].
  pose proof (share_nonneg k N N_nonempty). lra.
Qed.

Lemma steering_target z : In z V -> kz z = target ->
  log_odds p P N z = ln (a z / b z).
Proof.
  intros z_in E. rewrite log_odds_rates by (exact z_in || apply steering).
  rewrite E, weight_target. ring.
Qed.

Lemma steering_sign z : In z V -> (0 < log_odds p P N z <-> kz z = target).
Proof.
  apply (varying_sign V kz kc (fun _ => a) b p P N target);
    [intros; apply rates; assumption|apply two_rates|exact steering].
Qed.

Lemma steering_other z : In z V -> kz z <> target -> log_odds p P N z <= 0.
Proof.
  apply (varying_off V kz kc (fun _ => a) b p P N target);
    [intros; apply rates; assumption|apply two_rates|exact steering].
Qed.

Lemma steering_separated : separated (in_target kz target) V (log_odds p P N).
Proof.
  apply (varying_separated V kz kc (fun _ => a) b p P N target);
    [intros; apply rates; assumption|apply two_rates|exact steering].
Qed.
End Rates.

(* ---- The geometric path from p_N to p_T ---- *)

Section Path.
Context {A : Type}.
Variables (V : list A) (pT pN M : A -> R) (c : R).
Hypothesis pT_law : law V pT.
Hypothesis pN_law : law V pN.
Hypothesis M_path : forall z, In z V -> M z = ln (pT z) - ln (pN z) + c.

Lemma path_weight alpha z : In z V -> weight pN M alpha z =
  exp (alpha * c) * (Rpower (pT z) alpha * Rpower (pN z) (1 - alpha)).
Proof.
  intros z_in. unfold weight, Rpower. rewrite M_path by exact z_in.
  rewrite <- (exp_ln (pN z)) at 1 by (apply pN_law; exact z_in).
  rewrite <- !exp_plus. f_equal. ring.
Qed.

Lemma path_tilt alpha z : In z V ->
  tilt V pN M alpha z = geometric V pT pN alpha z.
Proof.
  intros z_in. unfold tilt, partition, geometric.
  rewrite (sum_ext _ _ V (path_weight alpha)), path_weight, sum_scal
    by exact z_in.
  apply ratio_scale, exp_pos.
Qed.

Lemma path_shift alpha z : In z V ->
  tilt V pN M (alpha + 1) z = tilt V pT M alpha z.
Proof.
  intros z_in.
  assert (E : forall y, In y V ->
      weight pN M (alpha + 1) y = exp c * weight pT M alpha y).
  { intros y y_in. unfold weight.
    replace ((alpha + 1) * M y) with (M y + alpha * M y) by ring.
    rewrite exp_plus, (M_path y y_in) at 1.
    unfold Rminus. rewrite !exp_plus, exp_Ropp, !exp_ln
      by (apply pT_law || apply pN_law; exact y_in).
    field. apply Rgt_not_eq. apply pN_law; exact y_in. }
  unfold tilt, partition. rewrite (sum_ext _ _ _ E), E, sum_scal by exact z_in.
  apply ratio_scale, exp_pos.
Qed.

Lemma geometric_path_ends z : In z V ->
  (forall alpha, tilt V pN M alpha z = geometric V pT pN alpha z) /\
  tilt V pN M 0 z = pN z /\ tilt V pN M 1 z = pT z /\
  forall alpha, tilt V pN M (alpha + 1) z = tilt V pT M alpha z.
Proof.
  intros z_in. split; [intros; apply path_tilt; exact z_in|].
  split; [apply tilt_zero; exact pN_law|].
  split; [|intros; apply path_shift; exact z_in].
  replace 1 with (0 + 1) by ring. rewrite path_shift by exact z_in.
  apply tilt_zero. exact pT_law.
Qed.
End Path.

(* Contexts of one distribution on either side:
   M leads from one to the other. *)
Lemma log_odds_path {A J} (V : list A) (p : J -> A -> R) P N j k z :
  P <> nil -> N <> nil ->
  (forall i, In i P -> forall y, In y V -> p i y = p k y) ->
  (forall i, In i N -> forall y, In y V -> p i y = p j y) -> In z V ->
  log_odds p P N z = ln (p k z) - ln (p j z) + 0.
Proof.
  intros P_nonempty N_nonempty P_one N_one z_in. unfold log_odds.
  rewrite (average_ext _ (fun _ => ln (p k z)) P),
    (average_ext _ (fun _ => ln (p j z)) N), !average_const by
    (assumption || (intros i i_in; f_equal; auto)). ring.
Qed.
