(* Concepts that do what Theorem 3.6's reading excludes:
   fall, rise and fall; inflect three times. *)
From Coq Require Import Reals List Arith Lra Lia.
From Steering Require Import Definitions Sum Calculus Infinity Tilt Limits Bump
  Concepts Dataset Signs Table.
Import ListNotations.
Open Scope R_scope.

(* ---- A fourth behaviour: a concept that falls, rises and falls ---- *)

Section FourthBehaviour.
Let V := [0; 1; 2; 3; 4; 5]%nat.
Let kz (z : nat) : nat := Nat.div z 2.
Let la := [92318 / 100000; 2082 / 100000; 951 / 10000; 8869 / 10000;
    93218 / 100000; 2382 / 100000].
Let lb := [1 / 1000; 2 / 1000; 1 / 1000; 40 / 1000; 10 / 1000; 5 / 1000].
Let p := rates_of la lb kz index.
Notation M := (log_odds p [first] [second; third]).
Notation C := (in_target kz 1).
Notation F := (mass V (p first) M C).

Lemma fourth_assumption : assumption_1 V kz index (table la) (table lb) p.
Proof. split; [each_token|split; [each_row|reflexivity]]. Qed.

Lemma fourth_sets : steering_sets index 0 [first] [second; third].
Proof.
  split; [discriminate|split; [discriminate|]].
  split; [intros j [<-|[]]; reflexivity|intros j [<-|[<-|[]]]; discriminate].
Qed.

Lemma fourth_odds z : In z V ->
  M z = (if Nat.eqb (kz z) 0 then 1 else - / 2) * ln (table la z / table lb z).
Proof.
  intros z_in.
  rewrite (log_odds_rates V kz index _ _ p _ _ fourth_assumption z)
    by (discriminate || exact z_in).
  simpl in z_in. repeat (destruct z_in as [<-|z_in]); [.. | contradiction];
    unfold concept_weight, share, average; simpl; field.
Qed.

(* At alpha = -2n every weight is rational: p
   (b/a)^{2n} on the target, p (a/b)^n elsewhere. *)
Lemma fourth_weight n z : In z V -> weight (p first) M (- (2 * INR n)) z =
  p first z * (if Nat.eqb (kz z) 0 then / (table la z / table lb z) ^ (2 * n)
    else (table la z / table lb z) ^ n).
Proof.
  intros z_in. assert (X : 0 < table la z / table lb z).
  { pose proof (rates V kz index _ _ p fourth_assumption z z_in).
    apply Rdiv_lt_0_compat; lra. }
  unfold weight. f_equal. rewrite fourth_odds by exact z_in.
  destruct (Nat.eqb (kz z) 0).
  - rewrite <- (exp_power (2 * n)), <- exp_Ropp by exact X. f_equal.
    rewrite mult_INR. simpl. ring.
  - rewrite <- exp_power by exact X. f_equal. field.
Qed.

Lemma fourth_mass n : F (- (2 * INR n)) =
  (1 / 1000 * (951 / 10) ^ n + 40 / 1000 * (8869 / 400) ^ n) /
  (92318 / 100000 * / (92318 / 100) ^ (2 * n)
    + 2082 / 100000 * / (1041 / 100) ^ (2 * n)
   + 1 / 1000 * (951 / 10) ^ n + 40 / 1000 * (8869 / 400) ^ n
     + 10 / 1000 * (93218 / 1000) ^ n + 5 / 1000 * (2382 / 500) ^ n).
Proof.
  assert (W := fun z z_in => fourth_weight n z z_in). unfold V in W.
  unfold mass, tilt. rewrite sum_div. f_equal.
  - unfold members, V.
    cbn [filter in_target kz Nat.div Nat.divmod Nat.eqb fst sum].
    rewrite !W by (simpl; auto 10).
    unfold p, rates_of, table, la, lb.
    cbn [kz Nat.div Nat.divmod Nat.eqb fst nth index].
    replace (951 / 10000 / (1 / 1000)) with (951 / 10) by field.
    replace (8869 / 10000 / (40 / 1000)) with (8869 / 400) by field. ring.
  - unfold partition, V. cbn [sum]. rewrite !W by (simpl; auto 10).
    unfold p, rates_of, table, la, lb.
    cbn [kz Nat.div Nat.divmod Nat.eqb fst nth index].
    replace (951 / 10000 / (1 / 1000)) with (951 / 10) by field.
    replace (8869 / 10000 / (40 / 1000)) with (8869 / 400) by field.
    replace (92318 / 100000 / (1 / 1000)) with (92318 / 100) by field.
    replace (2082 / 100000 / (2 / 1000)) with (1041 / 100) by field.
    replace (93218 / 100000 / (10 / 1000)) with (93218 / 1000) by field.
    replace (2382 / 100000 / (5 / 1000)) with (2382 / 500) by field. ring.
Qed.

Lemma ratio_less x y c : 0 < y -> x < c * y -> x / y < c.
Proof.
  intros y_positive x_lt. apply (Rmult_lt_reg_r y); [exact y_positive|].
  unfold Rdiv. rewrite Rmult_assoc, Rinv_l by lra. lra.
Qed.
Lemma ratio_more x y c : 0 < y -> c * y < x -> c < x / y.
Proof.
  intros y_positive x_gt. apply (Rmult_lt_reg_r y); [exact y_positive|].
  unfold Rdiv. rewrite Rmult_assoc, Rinv_l by lra. lra.
Qed.

Lemma fourth_values : F (-8) < 1 / 5 /\ 2 / 5 < F (-2) /\ F 0 < 1 / 10.
Proof.
  replace (-8) with (- (2 * INR 4)) by (simpl; ring).
  replace (-2) with (- (2 * INR 1)) by (simpl; ring).
  replace 0 with (- (2 * INR 0)) at 1 by (simpl; ring). rewrite !fourth_mass.
  simpl.
  repeat split; [apply ratio_less|apply ratio_more|apply ratio_less]; lra.
Qed.

Lemma fourth_lowest : lowest V M (M 2%nat) /\ forall z, In z V -> C z = false ->
  M 2%nat < M z.
Proof.
  assert (L : forall x y, 0 < x -> x < y -> ln x < ln y)
    by (intros; apply ln_increasing; assumption).
  assert (E := fun z z_in => fourth_odds z z_in). unfold V in E.
  assert (Q : forall z, In z V -> z <> 2%nat -> M 2%nat < M z).
  { intros z z_in Ne. simpl in z_in.
    repeat (destruct z_in as [<-|z_in]); [.. | contradiction]; try congruence;
      rewrite !E by (simpl; auto 10); unfold table, la, lb; simpl.
    - pose proof (L 1 (951 / 10000 / (1 / 1000)) ltac:(lra) ltac:(lra)).
      pose proof (L 1 (92318 / 100000 / (1 / 1000)) ltac:(lra) ltac:(lra)).
      rewrite ln_1 in *. lra.
    - pose proof (L 1 (951 / 10000 / (1 / 1000)) ltac:(lra) ltac:(lra)).
      pose proof (L 1 (2082 / 100000 / (2 / 1000)) ltac:(lra) ltac:(lra)).
      rewrite ln_1 in *. lra.
    - pose proof (L (8869 / 10000 / (40 / 1000))
          (951 / 10000 / (1 / 1000)) ltac:(lra) ltac:(lra)). lra.
    - pose proof (L (93218 / 100000 / (10 / 1000))
          (951 / 10000 / (1 / 1000)) ltac:(lra) ltac:(lra)). lra.
    - pose proof (L (2382 / 100000 / (5 / 1000))
          (951 / 10000 / (1 / 1000)) ltac:(lra) ltac:(lra)). lra. }
  split.
  - split; [exists 2%nat; simpl; auto|]. intros z z_in.
    destruct (Nat.eq_dec z 2) as [->|Ne]; [lra|]. left. apply Q; assumption.
  - intros z z_in Cz. apply Q; [exact z_in|]. intros ->. discriminate Cz.
Qed.

Lemma fourth_start : tends_minus F 1.
Proof.
  destruct fourth_lowest as [Low Out].
  assert (Law := rates_law V kz index _ _ p fourth_assumption first).
  replace 1 with (sum (top_law V (p first) M (M 2%nat)) (members C V)).
  - apply mass_limit_minus; [apply Law|discriminate|exact Low].
  - pose proof (top_law_sum V (p first) (fun z => - M z) (proj1 Law) (- M 2%nat)
        (proj1 (lowest_highest V M _) Low)) as S.
    rewrite (sum_ext _ (top_law V (p first) M (M 2%nat))) in
      S by (intros; apply top_law_mirror).
    rewrite (sum_split C _ V) in S. unfold members at 2 in S.
    fold (members (outside C) V) in S.
    rewrite (vanishing V (p first) M (outside C) (M 2%nat)) in S; [lra|].
    intros z z_in Cz E. unfold outside in Cz. specialize (Out z z_in).
    destruct (C z); [discriminate|]. specialize (Out eq_refl). lra.
Qed.

(* Neither monotone nor a single bump: 1 at -oo, then < 1/5, > 2/5, < 1/10. *)
Lemma fourth_behaviour :
  exists (V : list nat) kz (kc : three -> nat) a b p P N target k,
  assumption_1 V kz kc a b p /\ steering_sets kc target P N /\ k <> target /\
  tends_minus (mass V (p first) (log_odds p P N) (in_target kz k)) 1 /\
  ~ exists s,
  peak (concept_increase V (p first) (log_odds p P N) (in_target kz k)) s.
Proof.
  exists V, kz, index, (table la), (table lb), p, [first], [second; third],
    0%nat, 1%nat.
  split; [exact fourth_assumption|]. split; [exact fourth_sets|].
  split; [discriminate|]. split; [exact fourth_start|].
  intros [s Ps0]. destruct fourth_values as [F8 [F2 F0]].
  assert (Ps : peak F s).
  { assert (Law := rates_law V kz index _ _ p fourth_assumption first).
    assert (C_proper : proper C V)
      by (split; [exists 2%nat|exists 0%nat]; split; simpl; auto).
    assert (R : forall x y, concept_increase V (p first) M C x <
        concept_increase V (p first) M C y -> F x < F y).
    { intros x y L.
      rewrite !concept_increase_mass in L by (apply Law || exact C_proper).
      apply Rmult_lt_reg_r in L; [lra|].
      apply Rinv_0_lt_compat, length_pos, members_nonempty, C_proper. }
    destruct s as [|c|]; simpl in *.
    - intros x y L. apply R, Ps0, L.
    - destruct Ps0 as [U D].
      split; intros x y L1 L2; apply R; [apply U|apply D]; assumption.
    - intros x y L. apply R, Ps0, L. }
  destruct (fourth_start (1 / 2) ltac:(lra)) as [u F_near_1].
  set (x := Rmin (u - 1) (-9)). pose proof (Rmin_l (u - 1) (-9) : x <= u - 1).
  pose proof (Rmin_r (u - 1) (-9) : x <= -9).
  specialize (F_near_1 x ltac:(lra)). apply Rabs_def2 in F_near_1.
  destruct s as [|c|]; simpl in Ps.
  - specialize (Ps (-8) (-2) ltac:(lra)). lra.
  - destruct Ps as [Up Down]. destruct (Rle_lt_dec (-8) c) as [L|L].
    + specialize (Up x (-8) ltac:(lra) L). lra.
    + specialize (Down (-8) (-2) ltac:(lra) ltac:(lra)). lra.
  - specialize (Ps (-2) 0 ltac:(lra)). lra.
Qed.
End FourthBehaviour.

(* ---- "Sigmoidal": the target's curve can inflect three times ---- *)

Section Inflections.
Let V := [0; 1; 2]%nat.
Let kz (z : nat) : nat := z.
Let la := [31 / 100; 101 / 10000; 6999 / 10000].
Let lb := [3 / 10; 1 / 10000; 6899 / 10000].
Let p := rates_of la lb kz index.
Notation M := (log_odds p [first] [second]).
Notation F := (mass V (p second) M (in_target kz 0)).

Lemma inflection_assumption : assumption_1 V kz index (table la) (table lb) p.
Proof. split; [each_token|split; [each_row|reflexivity]]. Qed.

Lemma inflection_sets : steering_sets index 0 [first] [second].
Proof.
  split; [discriminate|split; [discriminate|]].
  split; intros j [<-|[]]; [reflexivity|discriminate].
Qed.

Lemma inflection_odds : M 0%nat = ln (31 / 30) /\ M 1%nat = - ln 101 /\
  M 2%nat = 0.
Proof.
  assert (E : forall z, In z V -> M z = concept_weight index [first] [second]
      (kz z) * ln (table la z / table lb z)).
  { intros z z_in.
    apply (log_odds_rates V kz index _ _ p [first] [second]
        inflection_assumption z); [discriminate|discriminate|exact z_in]. }
  rewrite !E by (simpl; auto). numbers.
  replace (31 / 100 / (3 / 10)) with (31 / 30) by field.
  replace (101 / 10000 / (1 / 10000)) with 101 by field. repeat split; field.
Qed.

Lemma inflection_mass alpha : F alpha = 3 / 10 * exp (alpha * ln (31 / 30)) /
  (3 / 10 * exp (alpha * ln (31 / 30)) + 101 / 10000 * exp (- (alpha * ln 101))
    + 6899 / 10000).
Proof.
  destruct inflection_odds as [E0 [E1 E2]]. unfold mass, tilt. rewrite sum_div.
  unfold partition, weight, members, V.
  cbn [filter in_target kz Nat.eqb sum]. rewrite E0, E1, E2.
  replace (alpha * - ln 101) with (- (alpha * ln 101)) by ring.
  rewrite Rmult_0_r, exp_0.
  unfold p, rates_of, table, la, lb. cbn [kz index Nat.eqb nth]. f_equal; ring.
Qed.

Lemma inflection_right n : F (INR n) = 3 / 10 * (31 / 30) ^ n /
    (3 / 10 * (31 / 30) ^ n + 101 / 10000 * / 101 ^ n + 6899 / 10000).
Proof. rewrite inflection_mass, exp_Ropp, !exp_power by lra. reflexivity. Qed.

Lemma inflection_left : F (-1) = 3 / 10 * / (31 / 30) /
    (3 / 10 * / (31 / 30) + 101 / 10000 * 101 + 6899 / 10000).
Proof.
  rewrite inflection_mass.
  replace (-1 * ln (31 / 30)) with (- ln (31 / 30)) by ring.
  replace (- (-1 * ln 101)) with (ln 101) by ring.
  rewrite exp_Ropp, !exp_ln by lra. reflexivity.
Qed.

(* Concave across -1, 0, 1 and convex across 1, 11,
   21: no single change from convex to concave. *)
Lemma inflection_values : (F (-1) + F 1) / 2 < F 0 /\ F 11 < (F 1 + F 21) / 2.
Proof.
  pose proof (inflection_right 0) as E0. pose proof (inflection_right 1) as E1.
  pose proof (inflection_right 11) as E11.
  pose proof (inflection_right 21) as E21. pose proof inflection_left as E.
  replace (INR 0) with 0 in E0 by reflexivity.
  replace (INR 1) with 1 in E1 by reflexivity.
  replace (INR 11) with 11 in E11 by (simpl; ring).
  replace (INR 21) with 21 in E21 by (simpl; ring).
  assert (B0 : 2999 / 10000 < F 0)
    by (rewrite E0; apply ratio_more; simpl; lra).
  assert (B1 : 3 / 10 < F 1 < 32 / 100).
  { rewrite E1. split; [apply ratio_more|apply ratio_less]; simpl; lra. }
  assert (B : F (-1) < 2 / 10) by (rewrite E; apply ratio_less; lra).
  assert (B11 : F 11 < 385 / 1000).
  { rewrite E11.
    assert (0 < / 101 ^ 11) by (apply Rinv_0_lt_compat, pow_lt; lra).
    apply ratio_less; [|]; simpl in *; lra. }
  assert (L : / 101 ^ 21 < 1 / 100).
  { apply Rle_lt_trans with (/ 101 ^ 1); [|simpl; lra].
    apply Rinv_le_contravar; [apply pow_lt; lra|apply Rle_pow; [lra|lia]]. }
  assert (B21 : 462 / 1000 < F 21).
  { rewrite E21.
    assert (0 < / 101 ^ 21) by (apply Rinv_0_lt_compat, pow_lt; lra).
    apply ratio_more; simpl in *; lra. }
  lra.
Qed.

Lemma not_sigmoidal :
  exists (V : list nat) kz (kc : three -> nat) a b p P N target,
  assumption_1 V kz kc a b p /\ steering_sets kc target P N /\
  ~ exists c, forall x y, x < y ->
    let f := mass V (p second) (log_odds p P N) (in_target kz target) in
    (y <= c -> f ((x + y) / 2) <= (f x + f y) / 2) /\
    (c <= x -> (f x + f y) / 2 <= f ((x + y) / 2)).
Proof.
  exists V, kz, index, (table la), (table lb), p, [first], [second], 0%nat.
  split; [exact inflection_assumption|]. split; [exact inflection_sets|].
  intros [c turns_at_c].
  destruct inflection_values as [I1 I2]. destruct (Rle_lt_dec 1 c) as [L|L].
  - destruct (turns_at_c (-1) 1 ltac:(lra)) as [Q _]. specialize (Q L).
    cbv zeta in Q. replace ((-1 + 1) / 2) with 0 in Q by field. lra.
  - destruct (turns_at_c 1 21 ltac:(lra)) as [_ Q]. specialize (Q ltac:(lra)).
    cbv zeta in Q. replace ((1 + 21) / 2) with 11 in Q by field. lra.
Qed.
End Inflections.
