(* A dataset and a trained model that meet the hypotheses of every theorem in
   the paper's setting at once: three concepts, six distinct log-odds. *)
From Coq Require Import Reals List Arith Lra Lia.
From Steering Require Import Definitions Sum Calculus Infinity Dataset Existence
  Table.
Import ListNotations.
Open Scope R_scope.

Section ThreeConcepts.
Let V := [0; 1; 2; 3; 4; 5]%nat.
Let kz (z : nat) : nat := Nat.div z 2.
Let kc (j : bool * bool) : nat :=
  match j with (true, _) => 0 | (false, true) => 1 | _ => 2 end%nat.
Let la := [31 / 100; 44 / 100; 36 / 100; 49 / 100; 57 / 200; 83 / 200].
Let lb := [5 / 100; 5 / 100; 10 / 100; 10 / 100; 5 / 200; 5 / 200].
Let p := rates_of la lb kz kc.
Let P := [(true, true); (true, false)].
Let N := [(false, true); (false, false)].
Notation M := (log_odds p P N).

Lemma three_assumption : assumption_1 V kz kc (table la) (table lb) p.
Proof. split; [each_token|split; [each_row|reflexivity]]. Qed.

Lemma three_sets : steering_sets kc 0 P N.
Proof.
  split; [discriminate|split; [discriminate|]].
  split; intros j [<-|[<-|[]]]; reflexivity || discriminate.
Qed.

Lemma three_proper : proper (in_target kz 0) V.
Proof. split; [exists 0%nat|exists 2%nat]; split; simpl; auto. Qed.

Lemma three_concepts : concepts V kz kc 3 2.
Proof. each_concept. Qed.

Lemma three_odds z : In z V ->
  M z = (if Nat.eqb (kz z) 0 then 1 else - / 2) * ln (table la z / table lb z).
Proof.
  intros z_in.
  rewrite (log_odds_rates V kz kc _ _ p _ _ three_assumption z)
    by (discriminate || exact z_in).
  each_of z_in; unfold concept_weight, share, average; simpl; field.
Qed.

(* The concept 2 lies below all else; the concept 1 holds no extreme; token 0
   of the target lies below the top. *)
Lemma three_order : M 5%nat < M 4%nat /\ M 4%nat < M 3%nat /\
  M 3%nat < M 2%nat /\ M 2%nat < M 0%nat /\ M 0%nat < M 1%nat.
Proof.
  rewrite !three_odds by (simpl; auto 10). unfold kz, table, la, lb.
  cbn [Nat.div Nat.divmod Nat.eqb fst nth].
  assert (L : forall x y, 0 < x -> x < y -> ln x < ln y)
    by (intros; apply ln_increasing; assumption).
  assert (L1 := L (57 / 200 / (5 / 200)) (83 / 200 / (5 / 200))).
  assert (L2 := L (49 / 100 / (10 / 100)) (57 / 200 / (5 / 200))).
  assert (L3 := L (36 / 100 / (10 / 100)) (49 / 100 / (10 / 100))).
  assert (L4 := L 1 (36 / 100 / (10 / 100))).
  assert (L5 := L 1 (31 / 100 / (5 / 100))).
  assert (L6 := L (31 / 100 / (5 / 100)) (44 / 100 / (5 / 100))).
  rewrite ln_1 in L4, L5. lra.
Qed.

Lemma rich_setting :
  exists (V : list nat) kz (kc : bool * bool -> nat) a b p d W H P N target,
  paper_setting V kz kc a b p d W H P N target /\ concepts V kz kc 3 2 /\
  length P = length N /\
  (forall y z, In y V -> In z V -> log_odds p P N y = log_odds p P N z ->
    y = z) /\
  (exists x y z, In x V /\ In y V /\ In z V /\ kz y = target /\
    log_odds p P N x < log_odds p P N y < log_odds p P N z) /\
  (exists k, k <> target /\ inhabited (in_target kz k) V /\
    forall y, In y V -> kz y = k -> exists x z, In x V /\ In z V /\
    log_odds p P N x < log_odds p P N y < log_odds p P N z) /\
  (exists k, k <> target /\ inhabited (in_target kz k) V /\
    forall y z, In y V -> In z V -> kz y = k -> kz z <> k ->
    log_odds p P N y <= log_odds p P N z).
Proof.
  destruct (model_exists V p (rates_law V kz kc _ _ p three_assumption))
    as [d [W [H trained]]].
  exists V, kz, kc, (table la), (table lb), p, d, W, H, P, N, 0%nat.
  pose proof three_order as order.
  split; [split; [exact three_assumption|exact trained|exact three_sets
      |exact three_proper]|].
  split; [exact three_concepts|]. split; [reflexivity|].
  split; [|split; [|split]].
  - intros y z y_in z_in same. simpl in y_in, z_in.
    repeat (destruct y_in as [<-|y_in]); [.. | contradiction];
      repeat (destruct z_in as [<-|z_in]); try contradiction;
      reflexivity || (exfalso; lra).
  - exists 2%nat, 0%nat, 1%nat. simpl. repeat split; auto; lra.
  - exists 1%nat. split; [discriminate|].
    split; [exists 2%nat; split; simpl; auto|].
    intros y y_in y_k. exists 5%nat, 1%nat. simpl in y_in.
    split; [simpl; auto 10|]. split; [simpl; auto|].
    repeat (destruct y_in as [<-|y_in]); try contradiction;
      try discriminate; lra.
  - exists 2%nat. split; [discriminate|].
    split; [exists 4%nat; split; simpl; auto 10|].
    intros y z y_in z_in y_k z_k. simpl in y_in, z_in.
    repeat (destruct y_in as [<-|y_in]); try contradiction; try discriminate;
      repeat (destruct z_in as [<-|z_in]); try contradiction;
      try (exfalso; apply z_k; reflexivity); lra.
Qed.
End ThreeConcepts.
