(* The hypotheses can be met: rates from a base distribution,
   and a model that fits any distributions perfectly. *)
From Coq Require Import Reals List Arith Lra Lia.
From Steering Require Import Definitions Sum Calculus Infinity.
Open Scope R_scope.

(* a = b + (1 - B) u with u a distribution on each
   concept: every row sums to B + (1 - B). *)
Section Rates.
Context {A J : Type}.
Variables (V : list A) (kz : A -> nat) (kc : J -> nat) (b u : A -> R).
Hypothesis b_positive : forall z, In z V -> 0 < b z.
Hypothesis b_sum : sum b V < 1.
Hypothesis u_positive : forall z, In z V -> 0 < u z.
Hypothesis u_sums : forall z, In z V ->
  sum u (members (in_target kz (kz z)) V) = 1.
Hypothesis context_tokens : forall j, exists z, In z V /\ kz z = kc j.
Hypothesis two_concepts : forall z, In z V -> exists y, In y V /\ kz y <> kz z.

Definition own_rate (z : A) : R := b z + (1 - sum b V) * u z.
Definition rate_law (j : J) (z : A) : R :=
  if Nat.eqb (kz z) (kc j) then own_rate z else b z.

Lemma own_rate_between z : In z V -> 0 < b z < own_rate z /\ own_rate z < 1.
Proof.
  intros z_in. pose proof (b_positive z z_in). pose proof (u_positive z z_in).
  assert (0 < (1 - sum b V) * u z) by (apply Rmult_lt_0_compat; lra).
  assert (U : u z <= 1).
  { rewrite <- (u_sums z z_in). apply term_le_sum.
    - intros y y_in. apply members_in in y_in. left. apply u_positive, y_in.
    - apply members_in. split; [exact z_in|apply Nat.eqb_refl]. }
  assert (L : b z < sum b V).
  { destruct (two_concepts z z_in) as [y [y_in Ne]].
    rewrite (sum_split (in_target kz (kz z)) b V).
    assert (b z <= sum b (members (in_target kz (kz z)) V)).
    { apply term_le_sum; [intros x x_in; apply members_in in x_in; left;
          apply b_positive, x_in|].
      apply members_in. split; [exact z_in|apply Nat.eqb_refl]. }
    assert (b y <= sum b (members (outside (in_target kz (kz z))) V)).
    { apply term_le_sum; [intros x x_in; apply outside_in in x_in; left;
          apply b_positive, x_in|].
      apply outside_in. split; [exact y_in|apply Nat.eqb_neq; exact Ne]. }
    pose proof (b_positive y y_in). lra. }
  unfold own_rate. nra.
Qed.

Lemma rate_law_sum j : sum (rate_law j) V = 1.
Proof.
  destruct (context_tokens j) as [z [z_in Kz]].
  pose proof (u_sums z z_in) as S. rewrite Kz in S.
  rewrite (sum_ext _ (fun y => b y
      + (1 - sum b V) * (if in_target kz (kc j) y then u y else 0))).
  - rewrite sum_plus, sum_scal, <- sum_filter.
    fold (members (in_target kz (kc j)) V). rewrite S. ring.
  - intros y _. unfold rate_law, own_rate, in_target.
    destruct (Nat.eqb (kz y) (kc j)); ring.
Qed.

Lemma rates_assumption : assumption_1 V kz kc own_rate b rate_law.
Proof.
  split; [exact own_rate_between|]. split; [exact rate_law_sum|reflexivity].
Qed.
End Rates.

(* The same with a u for each context. *)
Lemma varying_rates_assumption {A J} (V : list A) kz (kc : J -> nat)
    (b : A -> R) (u : J -> A -> R) :
  (forall z, In z V -> 0 < b z) -> sum b V < 1 ->
  (forall j z, In z V -> 0 < u j z) ->
  (forall j z, In z V -> sum (u j) (members (in_target kz (kz z)) V) = 1) ->
  (forall j, exists z, In z V /\ kz z = kc j) ->
  (forall z, In z V -> exists y, In y V /\ kz y <> kz z) ->
  let a j z := b z + (1 - sum b V) * u j z in
  assumption_1_varying V kz kc a b
    (fun j z => if Nat.eqb (kz z) (kc j) then a j z else b z).
Proof.
  intros b_positive b_sum u_positive u_sums context_tokens two_concepts a.
  split; [|split; [|reflexivity]].
  - intros j z z_in. apply (own_rate_between V kz b (u j)); auto.
  - intros j. apply (rate_law_sum V kz kc b (u j)); auto.
Qed.

(* Token z reads coordinate z of the embedding, and
   the embedding holds log-probabilities. *)
Section Model.
Context {J : Type}.
Variables (V : list nat) (p : J -> nat -> R).
Hypothesis p_laws : forall j, law V (p j).

Definition one_hot (z i : nat) : R := if Nat.eqb z i then 1 else 0.

Lemma one_hot_dot z h start n : sum (fun i => one_hot z i * h i) (seq start n) =
  if andb (Nat.leb start z) (Nat.ltb z (start + n)) then h z else 0.
Proof.
  revert start. induction n as [|n IH]; intros start; simpl seq; cbn [sum].
  - rewrite Nat.add_0_r. destruct (Nat.leb_spec start z); simpl; [|reflexivity].
    destruct (Nat.ltb_spec z start); [lia|reflexivity].
  - rewrite IH. unfold one_hot. destruct (Nat.eqb_spec z start) as [->|Ne].
    + rewrite Nat.leb_refl.
      assert (Nat.leb (S start) start = false) as -> by (apply Nat.leb_gt; lia).
      assert (Nat.ltb start (start + S n) = true) as ->
        by (apply Nat.ltb_lt; lia). simpl. ring.
    + assert (Nat.leb (S start) z = Nat.leb start z) as ->.
      { destruct (Nat.leb_spec (S start) z), (Nat.leb_spec start z);
          try reflexivity; lia. }
      replace (S start + n)%nat with (start + S n)%nat by lia.
      destruct (andb _ _); ring.
Qed.

Lemma model_exists :
  exists d (W : nat -> nat -> R) (H : J -> nat -> R), trained V d W H p.
Proof.
  assert (B : exists d, forall z, In z V -> (z < d)%nat).
  { exists (S (list_max V)). intros z z_in.
    pose proof (proj1 (list_max_le V (list_max V)) (le_n _)) as F.
    rewrite Forall_forall in F. specialize (F z z_in). lia. }
  destruct B as [d tokens_below_d]. exists d, one_hot, (fun j i => ln (p j i)).
  intros j z z_in.
  assert (E : forall y, In y V ->
      exp (logits d one_hot (fun i => ln (p j i)) y) = p j y).
  { intros y y_in. unfold logits, dot. rewrite one_hot_dot. simpl.
    assert (Nat.ltb y d = true) as ->
      by (apply Nat.ltb_lt, tokens_below_d, y_in). apply exp_ln, p_laws, y_in. }
  unfold softmax. rewrite E by exact z_in. rewrite (sum_ext _ (p j)) by exact E.
  destruct (p_laws j) as [_ ->]. field.
Qed.
End Model.
