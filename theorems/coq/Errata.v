(* Where the paper is false as printed:
   counterexamples in exact rational arithmetic. *)
From Coq Require Import Reals List Arith Lra Lia.
From Steering Require Import Definitions Sum Calculus Infinity Tilt Limits Bump
  CrossEntropy Budget Concepts Dataset Signs Strength Transformer Table.
Import ListNotations.
Open Scope R_scope.

(* ---- Remark 3.4 fails for a context of the target ---- *)

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

(* Token 1 of the target: M = ln 2, while the mean
   log-odds is already (ln 6)/2 + (ln 2)/10 > ln 2. *)
Lemma remark_3_4_false :
  ~ (forall (A J : Type) (V : list A) kz (kc : J -> nat) a b p P N target,
  assumption_1 V kz kc a b p -> steering_sets kc target P N ->
  proper (in_target kz target) V ->
  forall j z s, In z V -> kz z = target ->
    peak (probability_increase V (p j) (log_odds p P N) z) s ->
    below (finite 0) s).
Proof.
  intros remark.
  destruct (peak_exists_unique V (p true) M (proj1 (rates_law V kz kc
      a b p two_assumption true)) (paper_nonempty V kz 0 two_proper)
      (paper_varies V kz kc a b p _ _ _ two_assumption two_sets two_proper)
      1%nat ltac:(simpl; auto)) as [s [Ps _]].
  specialize (remark nat bool V kz kc a b p [true] [false]
      0%nat two_assumption two_sets two_proper true 1%nat s
      ltac:(simpl; auto) eq_refl (proj1 (increase_peak _ _ _ _ _) Ps)).
  apply (peak_positive V (p true) M (proj1 (rates_law V kz kc a b
      p two_assumption true)) (paper_nonempty V kz 0 two_proper)
      (paper_varies V kz kc a b p _ _ _ two_assumption two_sets two_proper)
      1%nat s ltac:(simpl; auto) Ps) in remark.
  rewrite two_mean in remark. destruct two_odds as [_ [E1 _]].
  rewrite E1 in remark. pose proof ln_six. pose proof ln_lt_2. lra.
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

Lemma remark_3_4_false_outside :
  ~ (forall (A J : Type) (V : list A) kz (kc : J -> nat) a b p P N target,
  assumption_1 V kz kc a b p -> steering_sets kc target P N ->
  proper (in_target kz target) V ->
  forall j z s, kc j <> target -> In z V -> kz z = target ->
    peak (probability_increase V (p j) (log_odds p P N) z) s ->
    below (finite 0) s).
Proof.
  intros remark.
  assert (Law := rates_law V kz index _ _ p large_assumption third).
  assert (Ne := paper_nonempty V kz 0 large_proper).
  assert (Var := paper_varies V kz index _ _ p _ _ _ large_assumption large_sets
      large_proper).
  destruct (peak_exists_unique V (p third) M
      (proj1 Law) Ne Var 0%nat ltac:(simpl; auto)) as [s [Ps _]].
  specialize (remark nat three V kz index _ _ p _ _ 0%nat
      large_assumption large_sets large_proper third 0%nat s
      ltac:(discriminate) ltac:(simpl; auto) eq_refl
      (proj1 (increase_peak _ _ _ _ _) Ps)).
  apply (peak_positive V (p third) M
      (proj1 Law) Ne Var 0%nat s ltac:(simpl; auto) Ps) in remark.
  destruct large_odds as [E0 [E1 [E2 [E3 [E4 E5]]]]].
  assert (Mean : mean V (p third) M 0 = 63 / 400 * ln (22 / 21) + 27 / 400 *
      ln (154 / 27) - 171 / 800 * ln (176 / 171) - 9 / 800 * ln (88 / 3)).
  { unfold mean, expect. rewrite (sum_ext _ (fun z => p third z * M z)).
    - unfold V. simpl. rewrite E0, E1, E2, E3, E4, E5.
      unfold p, rates_of, table, la, lb. simpl. field.
    - intros z _. rewrite tilt_zero by exact Law. reflexivity. }
  rewrite Mean, E0 in remark.
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
