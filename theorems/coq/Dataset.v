(* Assumption 1 and the difference of means: M is w_k log(a/b) (Lemma B.4), and the path it steers along *)
From Coq Require Import Reals List Arith Lra Lia.
From Steering Require Import Definitions Sum Calculus Infinity Tilt.
Open Scope R_scope.

Section Rates.
Context {A J : Type}.
Variables (V : list A) (kz : A -> nat) (kc : J -> nat) (a b : A -> R) (p : J -> A -> R) (P N : list J).
Hypothesis H1 : assumption_1 V kz kc a b p.

Lemma rates z : In z V -> 0 < b z < a z /\ a z < 1.
Proof. apply H1. Qed.

Lemma rates_law j : law V (p j).
Proof.
  destruct H1 as [R [S E]]. split; [|apply S]. intros z Hz. rewrite E by exact Hz. specialize (R z Hz).
  destruct (Nat.eqb _ _); lra.
Qed.

Lemma log_rates j z : In z V ->
  ln (p j z) = ln (b z) + ln (a z / b z) * (if Nat.eqb (kc j) (kz z) then 1 else 0).
Proof.
  intros Hz. destruct H1 as [R [_ E]]. rewrite E by exact Hz. specialize (R z Hz). rewrite Nat.eqb_sym.
  destruct (Nat.eqb _ _); [|ring]. unfold Rdiv. rewrite ln_mult, ln_Rinv; try lra. apply Rinv_0_lt_compat; lra.
Qed.

Lemma average_rates l z : l <> nil -> In z V ->
  average (fun i => ln (p i z)) l = ln (b z) + ln (a z / b z) * share kc (kz z) l.
Proof.
  intros Hl Hz. rewrite (average_ext _ _ l (fun i _ => log_rates i z Hz)).
  unfold share, average. rewrite sum_plus, sum_const, sum_scal. pose proof (length_pos l Hl). field. lra.
Qed.

Lemma log_odds_rates z : P <> nil -> N <> nil -> In z V ->
  log_odds p P N z = concept_weight kc P N (kz z) * ln (a z / b z).
Proof. intros HP HN Hz. unfold log_odds. rewrite !average_rates by assumption. unfold concept_weight. ring. Qed.

Lemma log_ratio_pos z : In z V -> 0 < ln (a z / b z).
Proof.
  intros Hz. pose proof (rates z Hz). rewrite <- ln_1. apply ln_increasing; [lra|].
  apply (Rmult_lt_reg_r (b z)); [lra|]. unfold Rdiv. rewrite Rmult_assoc, Rinv_l by lra. lra.
Qed.

(* Lemma B.4: the sign of M is the sign of w. *)
Lemma log_odds_sign target z : P <> nil -> N <> nil -> 0 < concept_weight kc P N target ->
  (forall k, k <> target -> concept_weight kc P N k <= 0) -> In z V ->
  (0 < log_odds p P N z <-> kz z = target).
Proof.
  intros HP HN Hw Hk Hz. rewrite log_odds_rates by assumption. pose proof (log_ratio_pos z Hz). split.
  - intros L. destruct (Nat.eq_dec (kz z) target) as [E|E]; [exact E|]. specialize (Hk _ E). nra.
  - intros ->. apply Rmult_lt_0_compat; assumption.
Qed.

Variable target : nat.
Hypothesis Hsets : steering_sets kc target P N.

Lemma share_all k l : l <> nil -> (forall j, In j l -> kc j = k) -> share kc k l = 1.
Proof.
  intros Hl H. unfold share. rewrite (average_ext _ (fun _ => 1)); [apply average_const; exact Hl|].
  intros j Hj. rewrite (H j Hj), Nat.eqb_refl. reflexivity.
Qed.

Lemma share_none k l : l <> nil -> (forall j, In j l -> kc j <> k) -> share kc k l = 0.
Proof.
  intros Hl H. unfold share. rewrite (average_ext _ (fun _ => 0)); [apply average_const; exact Hl|].
  intros j Hj. assert (Nat.eqb (kc j) k = false) as -> by (apply Nat.eqb_neq, H; exact Hj). reflexivity.
Qed.

Lemma share_nonneg k l : l <> nil -> 0 <= share kc k l.
Proof.
  intros Hl. rewrite <- (average_const 0 l Hl). apply average_le; [exact Hl|]. intros j _.
  destruct (Nat.eqb (kc j) k); lra.
Qed.

Lemma weight_target : concept_weight kc P N target = 1.
Proof.
  destruct Hsets as [HP [HN [HPt HNt]]]. unfold concept_weight. rewrite share_all, share_none by assumption. ring.
Qed.

Lemma weight_other k : k <> target -> concept_weight kc P N k <= 0.
Proof.
  intros Hk. destruct Hsets as [HP [HN [HPt HNt]]]. unfold concept_weight.
  rewrite (share_none k P); [|exact HP|intros j Hj; rewrite (HPt j Hj); congruence].
  pose proof (share_nonneg k N HN). lra.
Qed.

Lemma steering_sign z : In z V -> (0 < log_odds p P N z <-> kz z = target).
Proof.
  intros Hz. apply log_odds_sign; try apply Hsets; [rewrite weight_target; lra|apply weight_other|exact Hz].
Qed.

Lemma steering_target z : In z V -> kz z = target -> log_odds p P N z = ln (a z / b z).
Proof. intros Hz E. rewrite log_odds_rates by (exact Hz || apply Hsets). rewrite E, weight_target. ring. Qed.

Lemma steering_other z : In z V -> kz z <> target -> log_odds p P N z <= 0.
Proof.
  intros Hz E. destruct (Rle_lt_dec (log_odds p P N z) 0) as [L|L]; [exact L|].
  apply steering_sign in L; [congruence|exact Hz].
Qed.

Lemma steering_separated : separated (in_target kz target) V (log_odds p P N).
Proof.
  intros y z Hy Hz Ty Tz. apply Nat.eqb_eq in Tz. apply Nat.eqb_neq in Ty.
  pose proof (steering_other y Hy Ty). pose proof (proj2 (steering_sign z Hz) Tz). lra.
Qed.
End Rates.

(* ---- The rate inside a concept may depend on the context ---- *)

Lemma varying_sign {A J} (V : list A) (kz : A -> nat) (kc : J -> nat) (a : J -> A -> R) (b : A -> R) p P N target z :
  (forall j y, In y V -> 0 < b y < a j y) ->
  (forall j y, In y V -> p j y = if Nat.eqb (kz y) (kc j) then a j y else b y) ->
  steering_sets kc target P N -> In z V -> (0 < log_odds p P N z <-> kz z = target).
Proof.
  intros Hrate Q [HP [HN [HPt HNt]]] Hz. unfold log_odds.
  assert (L : forall j, ln (b z) < ln (a j z)) by (intros j; destruct (Hrate j z Hz); apply ln_increasing; assumption).
  assert (Own : forall j, kz z = kc j -> ln (p j z) = ln (a j z)) by (intros j E; rewrite Q, E, Nat.eqb_refl by exact Hz; reflexivity).
  assert (Off : forall j, kz z <> kc j -> ln (p j z) = ln (b z)).
  { intros j E. rewrite Q by exact Hz. assert (Nat.eqb (kz z) (kc j) = false) as -> by (apply Nat.eqb_neq; exact E). reflexivity. }
  split.
  - intros H. destruct (Nat.eq_dec (kz z) target) as [E|E]; [exact E|exfalso].
    rewrite (average_ext _ (fun _ => ln (b z)) P), average_const in H by
      (exact HP || (intros i Hi; apply Off; rewrite (HPt i Hi); exact E)).
    assert (ln (b z) <= average (fun i => ln (p i z)) N); [|lra].
    rewrite <- (average_const (ln (b z)) N HN) at 1. apply average_le; [exact HN|]. intros i _.
    destruct (Nat.eq_dec (kz z) (kc i)) as [Ei|Ei]; [rewrite Own by exact Ei; left; apply L|rewrite Off by exact Ei; lra].
  - intros E. rewrite (average_ext _ (fun _ => ln (b z)) N), average_const by
      (exact HN || (intros i Hi; apply Off; rewrite E; intros X; apply (HNt i Hi); symmetry; exact X)).
    assert (ln (b z) < average (fun i => ln (p i z)) P); [|lra].
    rewrite <- (average_const (ln (b z)) P HP) at 1. apply average_lt; [exact HP|]. intros i Hi.
    rewrite Own by (rewrite (HPt i Hi); exact E). apply L.
Qed.

(* ---- The contrastive path: p_alpha = p_N^{1-alpha} p_T^alpha, renormalised ---- *)

Section Path.
Context {A : Type}.
Variables (V : list A) (pT pN M : A -> R).
Hypothesis HT : law V pT.
Hypothesis HN : law V pN.
Hypothesis HM : forall z, In z V -> M z = ln (pT z) - ln (pN z).

Lemma path_weight alpha z : In z V ->
  weight pN M alpha z = exp ((1 - alpha) * ln (pN z) + alpha * ln (pT z)).
Proof.
  intros Hz. unfold weight. rewrite HM by exact Hz.
  rewrite <- (exp_ln (pN z)) at 1 by (apply HN; exact Hz). rewrite <- exp_plus. f_equal. ring.
Qed.

Lemma path_shift alpha z : In z V -> tilt V pN M (alpha + 1) z = tilt V pT M alpha z.
Proof.
  intros Hz. assert (E : forall y, In y V -> weight pN M (alpha + 1) y = weight pT M alpha y).
  { intros y Hy. rewrite path_weight by exact Hy. unfold weight. rewrite HM by exact Hy.
    rewrite <- (exp_ln (pT y)) at 2 by (apply HT; exact Hy). rewrite <- exp_plus. f_equal. ring. }
  unfold tilt, partition. rewrite (sum_ext _ _ _ E), E by exact Hz. reflexivity.
Qed.

Lemma path_one z : In z V -> tilt V pN M 1 z = pT z.
Proof. intros Hz. replace 1 with (0 + 1) by ring. rewrite path_shift, tilt_zero by assumption. reflexivity. Qed.
End Path.
