(* The hypotheses can be met: rates from a base law, and a model that fits any laws perfectly. *)
From Coq Require Import Reals List Arith Lra Lia.
From Steering Require Import Definitions Sum Calculus Infinity.
Open Scope R_scope.

(* a = b + (1 - B) u with u a law on each concept: every row sums to B + (1 - B). *)
Section Rates.
Context {A J : Type}.
Variables (V : list A) (kz : A -> nat) (kc : J -> nat) (b u : A -> R).
Hypothesis Hb : forall z, In z V -> 0 < b z.
Hypothesis HB : sum b V < 1.
Hypothesis Hu : forall z, In z V -> 0 < u z.
Hypothesis Hrow : forall z, In z V -> sum u (members (in_target kz (kz z)) V) = 1.
Hypothesis Hcontext : forall j, exists z, In z V /\ kz z = kc j.
Hypothesis Htwo : forall z, In z V -> exists y, In y V /\ kz y <> kz z.

Definition own_rate (z : A) : R := b z + (1 - sum b V) * u z.
Definition rate_law (j : J) (z : A) : R := if Nat.eqb (kz z) (kc j) then own_rate z else b z.

Lemma rates_assumption : assumption_1 V kz kc own_rate b rate_law.
Proof.
  split; [|split].
  - intros z Hz. pose proof (Hb z Hz). pose proof (Hu z Hz).
    assert (0 < (1 - sum b V) * u z) by (apply Rmult_lt_0_compat; lra).
    assert (U : u z <= 1).
    { rewrite <- (Hrow z Hz). apply term_le_sum.
      - intros y Hy. apply members_in in Hy. left. apply Hu, Hy.
      - apply members_in. split; [exact Hz|apply Nat.eqb_refl]. }
    assert (L : b z < sum b V).
    { destruct (Htwo z Hz) as [y [Hy Ne]]. rewrite (sum_split (in_target kz (kz z)) b V).
      assert (b z <= sum b (members (in_target kz (kz z)) V)).
      { apply term_le_sum; [intros x Hx; apply members_in in Hx; left; apply Hb, Hx|].
        apply members_in. split; [exact Hz|apply Nat.eqb_refl]. }
      assert (b y <= sum b (members (outside (in_target kz (kz z))) V)).
      { apply term_le_sum; [intros x Hx; apply outside_in in Hx; left; apply Hb, Hx|].
        apply outside_in. split; [exact Hy|apply Nat.eqb_neq; exact Ne]. }
      pose proof (Hb y Hy). lra. }
    unfold own_rate. nra.
  - intros j. destruct (Hcontext j) as [z [Hz Kz]]. pose proof (Hrow z Hz) as S. rewrite Kz in S.
    rewrite (sum_ext _ (fun y => b y + (1 - sum b V) * (if in_target kz (kc j) y then u y else 0))).
    + rewrite sum_plus, sum_scal, <- sum_filter. fold (members (in_target kz (kc j)) V). rewrite S. ring.
    + intros y _. unfold rate_law, own_rate, in_target. destruct (Nat.eqb (kz y) (kc j)); ring.
  - reflexivity.
Qed.
End Rates.

(* Token z reads coordinate z of the embedding, and the embedding holds log-probabilities. *)
Section Model.
Context {J : Type}.
Variables (V : list nat) (p : J -> nat -> R).
Hypothesis Hlaws : forall j, law V (p j).

Definition one_hot (z i : nat) : R := if Nat.eqb z i then 1 else 0.

Lemma one_hot_dot z h start n : sum (fun i => one_hot z i * h i) (seq start n) =
  if andb (Nat.leb start z) (Nat.ltb z (start + n)) then h z else 0.
Proof.
  revert start. induction n as [|n IH]; intros start; simpl seq; cbn [sum].
  - rewrite Nat.add_0_r. destruct (Nat.leb_spec start z); simpl; [|reflexivity].
    destruct (Nat.ltb_spec z start); [lia|reflexivity].
  - rewrite IH. unfold one_hot. destruct (Nat.eqb_spec z start) as [->|Ne].
    + rewrite Nat.leb_refl. assert (Nat.leb (S start) start = false) as -> by (apply Nat.leb_gt; lia).
      assert (Nat.ltb start (start + S n) = true) as -> by (apply Nat.ltb_lt; lia). simpl. ring.
    + assert (Nat.leb (S start) z = Nat.leb start z) as ->.
      { destruct (Nat.leb_spec (S start) z), (Nat.leb_spec start z); try reflexivity; lia. }
      replace (S start + n)%nat with (start + S n)%nat by lia.
      destruct (andb _ _); ring.
Qed.

Lemma model_exists : exists d (W : nat -> nat -> R) (H : J -> nat -> R), trained V d W H p.
Proof.
  assert (B : exists d, forall z, In z V -> (z < d)%nat).
  { exists (S (list_max V)). intros z Hz. pose proof (proj1 (list_max_le V (list_max V)) (le_n _)) as F.
    rewrite Forall_forall in F. specialize (F z Hz). lia. }
  destruct B as [d Hd]. exists d, one_hot, (fun j i => ln (p j i)). intros j z Hz.
  assert (E : forall y, In y V -> exp (logits d one_hot (fun i => ln (p j i)) y) = p j y).
  { intros y Hy. unfold logits, dot. rewrite one_hot_dot. simpl.
    assert (Nat.ltb y d = true) as -> by (apply Nat.ltb_lt, Hd, Hy). apply exp_ln, Hlaws, Hy. }
  unfold softmax. rewrite E by exact Hz. rewrite (sum_ext _ (p j)) by exact E.
  destruct (Hlaws j) as [_ ->]. field.
Qed.
End Model.
