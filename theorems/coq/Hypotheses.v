(* What the paper's wording overstates, and what
   goes wrong when a hypothesis is dropped. *)
From Coq Require Import Reals List Arith Lra Lia.
From Steering Require Import Definitions Sum Calculus Infinity Tilt Limits Bump
  CrossEntropy Budget Concepts Dataset Signs Strength Transformer Table.
Import ListNotations.
Open Scope R_scope.

(* ---- After Theorem 3.6: a vanishing concept does not come back ---- *)

Lemma never_back {A} (V : list A) p M C top : law V p -> inhabited C V ->
  highest V M top ->
  (forall z, In z V -> C z = true -> M z <> top) ->
  ~ tends_plus (concept_increase V p M C) 0.
Proof.
  intros p_law C_inhabited top_highest never_top L.
  pose proof (vanishing_plus V p M C p_law top top_highest never_top) as L'.
  pose proof (tends_unique _ _ _ L L') as E.
  pose proof (members_nonempty C V C_inhabited) as N.
  assert (0 < average p (members C V)); [|lra].
  rewrite <- (average_const 0 _ N). apply average_lt; [exact N|].
  intros z z_in. apply members_in in z_in. apply p_law, z_in.
Qed.

(* ---- With equal rates inside the target, no target token bumps ---- *)

Lemma no_target_bump {A J} (V : list A) kz
    (kc : J -> nat) a b p P N target ratio :
  assumption_1 V kz kc a b p -> steering_sets kc target P N ->
  proper (in_target kz target) V ->
  (forall z, In z V -> kz z = target -> a z / b z = ratio) ->
  forall j z, In z V -> kz z = target ->
  increasing (probability_increase V (p j) (log_odds p P N) z).
Proof.
  intros two_rates steering target_proper E j z z_in Kz.
  apply (increase_peak V (p j) (log_odds p P N) z plus_infinity).
  apply peak_top; [apply (rates_law V kz kc a b p two_rates)
      |apply (paper_nonempty V kz target target_proper) |apply (paper_varies V
      kz kc a b p P N target two_rates steering target_proper)|exact z_in|].
  intros y y_in. destruct (Nat.eq_dec (kz y) target) as [Ky|Ky].
  - rewrite !(steering_target V kz kc a b p P N two_rates target steering), !E
      by assumption. lra.
  - left.
    apply (steering_separated V kz kc a b p P N two_rates target steering);
      try assumption; [apply Nat.eqb_neq|apply Nat.eqb_eq]; assumption.
Qed.

(* ---- Dropped hypotheses ---- *)

Section Dropped.
Let V := [0; 1; 2; 3]%nat.
Let kz (z : nat) : nat := Nat.div z 2.
Let kc (j : bool) : nat := if j then 0%nat else 1%nat.

(* a = b on one target token: it lies in T and M = 0. *)
Let la := [7 / 10; 1 / 10; 5 / 10; 3 / 10].
Let lb := [1 / 10; 1 / 10; 1 / 10; 1 / 10].
Let p := rates_of la lb kz kc.

Lemma equal_rates : exists (V : list nat) kz (kc : bool -> nat) p target z,
  (forall j, law V (p j)) /\ In z V /\ kz z = target /\ kc true = target /\
  kc false <> target /\
  log_odds p [true] [false] z = 0.
Proof.
  exists V, kz, kc, p, 0%nat, 1%nat. split.
  - intros j. split; [|destruct j; unfold p, rates_of, table; simpl; lra].
    intros z z_in. simpl in z_in.
    repeat (destruct z_in as [<-|z_in]); [.. | contradiction];
      destruct j; unfold p, rates_of, table; simpl; lra.
  - do 4 (split; [simpl; auto; discriminate|]).
    unfold log_odds, average, p, rates_of, table. simpl. ring.
Qed.

(* a < b on some tokens: the peak order is reversed. *)
Let ra := [7 / 10; 1 / 10; 1 / 5; 1 / 2].
Let rb := [1 / 10; 1 / 5; 3 / 20; 1 / 20].
Let q := rates_of ra rb kz kc.

Lemma reversed_order : exists (V : list nat) kz (kc : bool -> nat) p target y z,
  (forall j, law V (p j)) /\ In y V /\ In z V /\ kz y <> target /\
  kz z = target /\
  kc true = target /\ kc false <> target /\
  forall s t,
  peak (fun alpha => tilt V (p true) (log_odds p [true] [false]) alpha y) s ->
    peak (fun alpha => tilt V (p true) (log_odds p [true] [false]) alpha z) t ->
    below t s.
Proof.
  assert (Law : forall j, law V (q j)).
  { intros j. split; [|destruct j; unfold q, rates_of, table; simpl; lra].
    intros z z_in. simpl in z_in.
    repeat (destruct z_in as [<-|z_in]); [.. | contradiction];
      destruct j; unfold q, rates_of, table; simpl; lra. }
  assert (L :
      log_odds q [true] [false] 1%nat < log_odds q [true] [false] 2%nat).
  { unfold log_odds, average, q, rates_of, table. simpl.
    assert (X : ln (1 / 10) + ln (1 / 5) < ln (1 / 5) + ln (3 / 20)).
    { assert (ln (1 / 10) < ln (3 / 20)) by (apply ln_increasing; lra). lra. }
    assert (Y : forall x, (x + 0) / 1 = x) by (intros; field). rewrite !Y.
    lra. }
  exists V, kz, kc, q, 0%nat, 2%nat, 1%nat. split; [exact Law|].
  do 6 (split; [simpl; auto; discriminate|]). intros s t Ps Pt.
  assert (Var : varies V (log_odds q [true] [false])).
  { exists 1%nat, 2%nat. split; [simpl; auto|]. split; [simpl; auto|exact L]. }
  apply (peak_order V (q true) (log_odds q [true] [false]) (proj1 (Law true))
      ltac:(discriminate) Var 1%nat 2%nat t s); try assumption; simpl; auto.
Qed.
End Dropped.

(* LayerNorm does not see a constant direction. *)
Lemma layer_norm_constant d eps gain bias x c alpha i : (i < d)%nat ->
  layer_norm d eps gain bias (fun k => x k + alpha * c) i =
    layer_norm d eps gain bias x i.
Proof.
  intros i_lt_d. unfold layer_norm. f_equal. apply rms_norm_ext. intros k.
  unfold centred, row_average, average.
  rewrite sum_plus, sum_const, row_length.
  assert (0 < INR d) by (apply lt_0_INR; lia). field. lra.
Qed.

(* ---- Before training ends steering need not degrade; without a norm
   the loss has no plateau (the paper claims one with a norm) ---- *)

Section Untrained.
Context {A J : Type}.
Variables (V : list A) (js : list J) (w : J -> R) (data model : J -> A -> R)
  (M : A -> R).
Hypothesis data_laws : laws V js data.
Hypothesis model_laws : laws V js model.

Lemma untrained_slope : derivable_pt_lim
  (fun alpha => cross_entropy V js w data (fun j => tilt V (model j) M alpha)) 0
  (sum (fun j => w j *
      (mean V (model j) M 0 - sum (fun z => data j z * M z) V)) js).
Proof.
  unfold cross_entropy. eapply derivable_ext; [intros t; apply sum_opp|].
  apply (derivable_sum (fun t j => -
      (w j * sum (fun z => data j z * ln (tilt V (model j) M t z)) V))).
  intros j j_in. pose proof (model_laws j j_in) as [Pm _].
  pose proof (law_nonempty V _ (model_laws j j_in)) as V_nonempty.
  apply (derivable_ext (fun t => - w j * sum
      (fun z => data j z * ln (tilt V (model j) M t z)) V)); [intros t; ring|].
  apply (derivable_value _ _
      (- w j * sum (fun z => data j z * (M z - mean V (model j) M 0)) V)).
  - apply derivable_scal.
    apply (derivable_sum (fun t z => data j z * ln (tilt V (model j) M t z))).
    intros z z_in. apply derivable_scal.
    pose proof (tilt_pos V (model j) M Pm V_nonempty 0 z z_in) as T.
    eapply derivable_value;
      [apply (derivable_ln (fun t => tilt V (model j) M t z));
        [exact T|apply tilt_derivative; assumption]|]. cbv beta. field. lra.
  - rewrite (sum_ext _ (fun z => data j z * M z
        - mean V (model j) M 0 * data j z)) by (intros; ring).
    rewrite sum_minus, sum_scal. destruct (data_laws j j_in) as [_ ->]. ring.
Qed.
End Untrained.

(* Data (3/4, 1/4), model (1/2, 1/2), M = (1, 0): the loss falls at rate 1/4. *)
Lemma steering_can_help :
  exists (V : list nat) (data model M : nat -> R) (slope : R),
  law V data /\ law V model /\ slope < 0 /\
  derivable_pt_lim (fun alpha => cross_entropy V [tt] (fun _ => 1)
    (fun _ => data) (fun _ => tilt V model M alpha)) 0 slope.
Proof.
  set (V := [0; 1]%nat). set (data := table [3 / 4; 1 / 4]).
  set (model := table [1 / 2; 1 / 2]). set (M := table [1; 0]).
  assert (L1 : law V data).
  { split; [intros z [<-|[<-|[]]]|]; unfold data, table; simpl; lra. }
  assert (L2 : law V model).
  { split; [intros z [<-|[<-|[]]]|]; unfold model, table; simpl; lra. }
  exists V, data, model, M, (- (1 / 4)). split; [exact L1|]. split; [exact L2|].
  split; [lra|]. eapply derivable_value.
  - apply (untrained_slope V [tt] (fun _ => 1) (fun _ => data)
        (fun _ => model) M); intros j _; assumption.
  - unfold mean, expect. cbn [sum V]. rewrite !tilt_zero by exact L2.
    unfold data, model, M, table. simpl. field.
Qed.

(* Without a norm there is no plateau: the
   cross-entropy increase leaves every bound. *)
Lemma no_plateau {A J} (V : list A) (js : list J) w p (M : A -> R) k :
  laws V js p -> weights js w -> varies V M ->
  exists bound, forall alpha, bound < alpha ->
  k < cross_entropy_increase V js w p M alpha.
Proof.
  intros p_laws w_weights M_varies.
  destruct (increase_unbounded V js w p M p_laws w_weights k M_varies)
    as [x [x_positive L]]. exists x. intros alpha x_lt_alpha.
  pose proof (increase_grows V js w p M p_laws w_weights M_varies x alpha
      ltac:(lra) x_lt_alpha). lra.
Qed.
