(* Version 1 of the paper: conditions that remarks need, and a
   misprint; counterexamples in exact rational arithmetic. *)
From Coq Require Import Reals List Arith Lra Lia.
From Steering Require Import Definitions Sum Calculus Infinity Tilt Limits Bump
  CrossEntropy Budget Concepts Dataset Signs Strength Transformer Existence
  Setting Table.
Import ListNotations.
Open Scope R_scope.

(* ---- Remark 3.4 needs a context outside the target: eps = 1/5 ---- *)

Section TwoConcepts.
Let V := [0; 1; 2; 3]%nat.
Let kz (z : nat) : nat := Nat.div z 2.
Let kc (j : bool) : nat := if j then 0%nat else 1%nat.
Let a := table [3 / 5; 1 / 5; 3 / 5; 1 / 5].
Let b := table [1 / 10; 1 / 10; 1 / 10; 1 / 10].
Let p :=
  rates_of [3 / 5; 1 / 5; 3 / 5; 1 / 5] [1 / 10; 1 / 10; 1 / 10; 1 / 10] kz kc.
Notation M := (log_odds p [true] [false]).

Lemma two_assumption : assumption_1 V kz kc a b p.
Proof. split; [each_token|split; [each_row|reflexivity]]. Qed.

Lemma two_sets : steering_sets kc 0 [true] [false].
Proof.
  split; [discriminate|split; [discriminate|]].
  split; intros j [<-|[]]; [reflexivity|discriminate].
Qed.

Lemma two_proper : proper (in_target kz 0) V.
Proof. split; [exists 0%nat|exists 2%nat]; split; simpl; auto. Qed.

Lemma two_odds : M 0%nat = ln 6 /\ M 1%nat = ln 2 /\ M 2%nat = - ln 6 /\
  M 3%nat = - ln 2.
Proof.
  assert (F : forall z, In z V ->
      M z = concept_weight kc [true] [false] (kz z) * ln (a z / b z)).
  { intros z z_in.
    apply (log_odds_rates V kz kc a b p [true] [false] two_assumption z);
      [discriminate|discriminate|exact z_in]. }
  rewrite !F by (simpl; auto). numbers.
  repeat split; [replace (3 / 5 / (1 / 10)) with 6 by field
      |replace (1 / 5 / (1 / 10)) with 2 by field |replace (3 / 5 / (1 / 10))
      with 6 by field|replace (1 / 5 / (1 / 10)) with 2 by field]; field.
Qed.

Lemma ln_six : 2 * ln 2 < ln 6.
Proof.
  replace (2 * ln 2) with (ln (2 * 2)) by (rewrite ln_mult by lra; ring).
  apply ln_increasing; lra.
Qed.

Lemma two_mean j :
  mean V (p j) M 0 = (if j then 1 else -1) * (/ 2 * ln 6 + / 10 * ln 2).
Proof.
  destruct two_odds as [E0 [E1 [E2 E3]]]. unfold mean, expect.
  rewrite (sum_ext _ (fun z => p j z * M z)).
  - unfold V. simpl. rewrite E0, E1, E2, E3.
    destruct j; unfold p, rates_of, table; simpl; field.
  - intros z _.
    rewrite tilt_zero by (apply (rates_law V kz kc a b p two_assumption)).
    reflexivity.
Qed.

Lemma two_concepts : concepts V kz kc 2 2.
Proof. each_concept. Qed.

Let gamma := table [3 / 4; 1 / 4; 3 / 4; 1 / 4].
Let omega := table [1 / 2; 1 / 2; 1 / 2; 1 / 2].

Lemma two_family : gamma_omega V kz 2 gamma omega (1 / 5) a b.
Proof. each_shape. Qed.

(* 1/5 is below eps0: the threshold there is (8/5) ln 2. *)
Lemma two_threshold y : In y V -> kz y = 0%nat ->
  - ln (gamma y / omega y) < threshold 2 (1 / 5).
Proof.
  intros y_in _.
  assert (E : threshold 2 (1 / 5) = 8 / 5 * ln 2).
  { unfold threshold. replace ((1 - 1 / 5) * (2 - 1) / (1 / 5)) with (2 * 2)
      by field. rewrite ln_mult by lra. field. }
  assert (L : - ln 2 <= ln (gamma y / omega y)).
  { rewrite <- ln_Rinv by lra. each_of y_in; unfold gamma, omega, table;
      cbn [nth]; (left; apply ln_increasing; lra) || (right; f_equal; field). }
  rewrite E. pose proof ln_lt_2. lra.
Qed.

(* Token 1 of the target: M = ln 2, while the mean
   log-odds is already (ln 6)/2 + (ln 2)/10 > ln 2. *)
Lemma remark_3_4_false :
  exists (V : list nat) kz (kc : bool -> nat) gamma omega a b p d W H P N
    target j z c,
  paper_setting V kz kc a b p d W H P N target /\ concepts V kz kc 2 2 /\
  gamma_omega V kz 2 gamma omega (1 / 5) a b /\ length P = length N /\
  (forall y, In y V -> kz y = target ->
    - ln (gamma y / omega y) < threshold 2 (1 / 5)) /\
  kc j = target /\ In z V /\ kz z = target /\
  peak (steered_increase V d W H P N p j z) (finite c) /\ c < 0.
Proof.
  destruct (model_exists V p (rates_law V kz kc a b p two_assumption))
    as [d [W [H trained]]].
  assert (setting : paper_setting V kz kc a b p d W H [true] [false] 0)
    by (split; [exact two_assumption|exact trained|exact two_sets
        |exact two_proper]).
  destruct two_odds as [_ [E1 [E2 _]]].
  pose proof ln_six. pose proof ln_lt_2.
  destruct (setting_negative_peak setting true 1%nat) as [c [c_peaks negative]].
  - simpl; auto.
  - exists 2%nat. split; [simpl; auto|lra].
  - rewrite two_mean. lra.
  - exists V, kz, kc, gamma, omega, a, b, p, d, W, H, [true], [false], 0%nat,
      true, 1%nat, c.
    split; [exact setting|]. split; [exact two_concepts|].
    split; [exact two_family|]. split; [reflexivity|].
    split; [exact two_threshold|]. simpl. auto 10.
Qed.

(* The same dataset: the sweet spots of the two
   contexts lie on opposite sides of 0. *)
Lemma sweet_spots_disjoint alpha :
  sweet V (p true) M (- ln 2) (ln 2) alpha ->
  sweet V (p false) M (- ln 2) (ln 2) alpha -> False.
Proof.
  intros [_ true_below] [false_above _].
  assert (Inc : forall j, increasing (mean V (p j) M)).
  { intros j.
    apply mean_increasing;
      [apply (rates_law V kz kc a b p two_assumption)|discriminate|].
    apply (paper_varies V kz kc a b p _ _ _ two_assumption two_sets
        two_proper). }
  assert (Mono : forall j x y, mean V (p j) M x < mean V (p j) M y -> x < y).
  { intros j x y L.
    destruct (Rtotal_order x y) as [Q|[Q|Q]];
      [exact Q|subst; lra|apply (Inc j) in Q; lra]. }
  assert (alpha < 0).
  { apply (Mono true). rewrite (two_mean true). pose proof ln_six.
    pose proof ln_lt_2. lra. }
  assert (0 < alpha); [|lra].
  apply (Mono false). rewrite (two_mean false). pose proof ln_six.
  pose proof ln_lt_2. lra.
Qed.

Lemma sweet_ends : highest (members (outside (in_target kz 0)) V) M (- ln 2) /\
  lowest (members (in_target kz 0) V) M (ln 2).
Proof.
  destruct two_odds as [E0 [E1 [E2 E3]]]. pose proof ln_six. pose proof ln_lt_2.
  split; split.
  - exists 3%nat. split; [simpl; auto|exact E3].
  - intros z [<-|[<-|[]]]; lra.
  - exists 1%nat. split; [simpl; auto|exact E1].
  - intros z [<-|[<-|[]]]; lra.
Qed.

Lemma sweet_intersection_empty :
  exists (V : list nat) kz (kc : bool -> nat) a b p P N target low high,
  assumption_1 V kz kc a b p /\ steering_sets kc target P N /\
  highest (members (outside (in_target kz target)) V) (log_odds p P N) low /\
  lowest (members (in_target kz target) V) (log_odds p P N) high /\
  low < high /\
  forall alpha, ~ (low < mean V (p true) (log_odds p P N) alpha < high /\
                   low < mean V (p false) (log_odds p P N) alpha < high).
Proof.
  exists V, kz, kc, a, b, p, [true], [false], 0%nat, (- ln 2), (ln 2).
  split; [exact two_assumption|]. split; [exact two_sets|].
  split; [apply sweet_ends|]. split; [apply sweet_ends|].
  split; [pose proof ln_lt_2; lra|]. intros alpha [true_sweet false_sweet].
  exact (sweet_spots_disjoint alpha true_sweet false_sweet).
Qed.
End TwoConcepts.

(* ---- Remark 3.4 outside the target and outside N, eps = 9/20 ---- *)

Section LargeEpsilon.
Let V := [0; 1; 2; 3; 4; 5]%nat.
Let kz (z : nat) : nat := Nat.div z 2.
Let la := [33 / 200; 77 / 200; 11 / 50; 33 / 100; 11 / 40; 11 / 40].
Let lb := [63 / 400; 27 / 400; 171 / 800; 9 / 800; 9 / 80; 9 / 80].
Let p := rates_of la lb kz index.
Notation M := (log_odds p [first] [second]).

Lemma large_assumption : assumption_1 V kz index (table la) (table lb) p.
Proof. split; [each_token|split; [each_row|reflexivity]]. Qed.

Lemma large_sets : steering_sets index 0 [first] [second].
Proof.
  split; [discriminate|split; [discriminate|]].
  split; intros j [<-|[]]; [reflexivity|discriminate].
Qed.

Lemma large_proper : proper (in_target kz 0) V.
Proof. split; [exists 0%nat|exists 2%nat]; split; simpl; auto. Qed.

Lemma large_odds : M 0%nat = ln (22 / 21) /\ M 1%nat = ln (154 / 27) /\
  M 2%nat = - ln (176 / 171) /\
  M 3%nat = - ln (88 / 3) /\ M 4%nat = 0 /\ M 5%nat = 0.
Proof.
  assert (F : forall z, In z V -> M z = concept_weight index [first] [second]
      (kz z) * ln (table la z / table lb z)).
  { intros z z_in.
    apply (log_odds_rates V kz index _ _ p [first] [second] large_assumption z);
      [discriminate|discriminate|exact z_in]. }
  rewrite !F by (simpl; auto 10). numbers.
  replace (33 / 200 / (63 / 400)) with (22 / 21) by field.
  replace (77 / 200 / (27 / 400)) with (154 / 27) by field.
  replace (11 / 50 / (171 / 800)) with (176 / 171) by field.
  replace (33 / 100 / (9 / 800)) with (88 / 3) by field. repeat split; field.
Qed.

Lemma large_concepts : concepts V kz index 3 2.
Proof. each_concept. Qed.

Let gamma := table [3 / 10; 7 / 10; 2 / 5; 3 / 5; 1 / 2; 1 / 2].
Let omega := table [7 / 10; 3 / 10; 19 / 20; 1 / 20; 1 / 2; 1 / 2].

Lemma large_family :
  gamma_omega V kz 3 gamma omega (9 / 20) (table la) (table lb).
Proof. each_shape. Qed.

Lemma large_mean : mean V (p third) M 0 =
  63 / 400 * ln (22 / 21) + 27 / 400 * ln (154 / 27)
  - 171 / 800 * ln (176 / 171) - 9 / 800 * ln (88 / 3).
Proof.
  destruct large_odds as [E0 [E1 [E2 [E3 [E4 E5]]]]].
  unfold mean, expect. rewrite (sum_ext _ (fun z => p third z * M z)).
  - unfold V. simpl. rewrite E0, E1, E2, E3, E4, E5.
    unfold p, rates_of, table, la, lb. simpl. field.
  - intros z _. rewrite tilt_zero
      by exact (rates_law V kz index _ _ p large_assumption third).
    reflexivity.
Qed.

(* Token 0 of the target: ln(22/21) < 1/20 is below the mean log-odds. *)
Lemma large_below : M 0%nat < mean V (p third) M 0.
Proof.
  destruct large_odds as [E0 _]. rewrite large_mean, E0.
  pose proof (ln_le_minus_one (22 / 21) ltac:(lra)).
  pose proof (ln_le_minus_one (176 / 171) ltac:(lra)).
  assert (U : ln (88 / 3) < 5 * ln 2).
  { replace (5 * ln 2) with (ln (2 * 2 * 2 * 2 * 2))
      by (rewrite !ln_mult by lra; ring). apply ln_increasing; lra. }
  assert (L : 5 * ln 2 < 2 * ln (154 / 27)).
  { replace (5 * ln 2) with (ln (2 * 2 * 2 * 2 * 2))
      by (rewrite !ln_mult by lra; ring).
    replace (2 * ln (154 / 27)) with (ln (154 / 27 * (154 / 27)))
      by (rewrite ln_mult by lra; ring). apply ln_increasing; lra. }
  pose proof ln_lt_2. lra.
Qed.

Lemma remark_3_4_false_outside :
  exists (V : list nat) kz (kc : three -> nat) gamma omega a b p d W H P N
    target j z c,
  paper_setting V kz kc a b p d W H P N target /\ concepts V kz kc 3 2 /\
  gamma_omega V kz 3 gamma omega (9 / 20) a b /\ length P = length N /\
  kc j <> target /\ (forall i, In i N -> kc j <> kc i) /\
  In z V /\ kz z = target /\
  peak (steered_increase V d W H P N p j z) (finite c) /\ c < 0.
Proof.
  destruct (model_exists V p (rates_law V kz index _ _ p large_assumption))
    as [d [W [H trained]]].
  assert (setting : paper_setting V kz index (table la) (table lb) p d W H
      [first] [second] 0)
    by (split; [exact large_assumption|exact trained|exact large_sets
        |exact large_proper]).
  destruct (setting_negative_peak setting third 0%nat)
    as [c [c_peaks negative]].
  - simpl; auto.
  - exists 2%nat. split; [simpl; auto|].
    apply (setting_later setting); simpl; auto; discriminate.
  - exact large_below.
  - exists V, kz, index, gamma, omega, (table la), (table lb), p, d, W, H,
      [first], [second], 0%nat, third, 0%nat, c.
    split; [exact setting|]. split; [exact large_concepts|].
    split; [exact large_family|]. split; [reflexivity|].
    split; [discriminate|]. split; [intros i [<-|[]]; discriminate|].
    simpl. auto.
Qed.
End LargeEpsilon.

(* ---- Proposition B.1, equation (9): the limit is -b, not -a ---- *)

Section UniformFour.
Let V := [0; 1; 2; 3]%nat.
Let kz (z : nat) : nat := Nat.div z 2.
Let kc (j : bool) : nat := if j then 0%nat else 1%nat.
Let la := [2 / 5; 2 / 5; 2 / 5; 2 / 5].
Let lb := [1 / 10; 1 / 10; 1 / 10; 1 / 10].
Let p := rates_of la lb kz kc.

Lemma uniform_assumption : assumption_1 V kz kc (table la) (table lb) p.
Proof. split; [each_token|split; [each_row|reflexivity]]. Qed.

Lemma uniform_sets : steering_sets kc 0 [true] [false].
Proof.
  split; [discriminate|split; [discriminate|]].
  split; intros j [<-|[]]; [reflexivity|discriminate].
Qed.

Lemma equation_9_false :
  exists (V : list nat) kz (kc : bool -> nat) a b p P N target z,
  assumption_1 V kz kc a b p /\ steering_sets kc target P N /\ In z V /\
  kz z <> target /\
  tends_plus (probability_increase V (p true) (log_odds p P N) z) (- b z) /\
  ~ tends_plus (probability_increase V (p true) (log_odds p P N) z) (- a z).
Proof.
  exists V, kz, kc, (table la), (table lb), p, [true], [false], 0%nat, 2%nat.
  split; [exact uniform_assumption|]. split; [exact uniform_sets|].
  split; [simpl; auto|]. split; [discriminate|].
  assert (L : tends_plus (probability_increase V (p true)
      (log_odds p [true] [false]) 2%nat) (- table lb 2%nat)).
  { destruct (highest_exists
        (log_odds p [true] [false]) V ltac:(discriminate)) as [top top_highest].
    assert (Q : log_odds p [true] [false] 2%nat <> top).
    { intros E. pose proof (proj2 top_highest 0%nat ltac:(simpl; auto)) as B.
      pose proof (steering_separated V kz kc _ _ p _ _
          uniform_assumption 0%nat uniform_sets 2%nat 0%nat
          ltac:(simpl; auto) ltac:(simpl; auto) eq_refl eq_refl). lra. }
    replace (- table lb 2%nat) with
      (top_law V (p true) (log_odds p [true] [false]) top 2%nat - p true 2%nat).
    - apply increase_limit; [apply (rates_law V kz kc _ _ p uniform_assumption)
          |discriminate|exact top_highest|simpl; auto].
    - unfold top_law.
      assert (level (log_odds p [true] [false]) top 2%nat = false) as ->
        by (apply level_false; exact Q).
      unfold p, rates_of, table. simpl. lra. }
  split; [exact L|]. intros L'. pose proof (tends_unique _ _ _ L L') as E.
  unfold table in E. simpl in E. lra.
Qed.
End UniformFour.
