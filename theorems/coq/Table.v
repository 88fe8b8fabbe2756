(* Datasets given by tables of rational rates, and
   tactics that compute with them. *)
From Coq Require Import Reals List Arith Lra Lia.
From Steering Require Import Definitions Sum Calculus Infinity.
Import ListNotations.
Open Scope R_scope.

(* A function on tokens 0, 1, 2, ... given by its table. *)
Definition table (l : list R) (z : nat) : R := nth z l 0.

Definition rates_of (a b : list R) (kz : nat -> nat) {J : Type} (kc : J -> nat)
    (j : J) (z : nat) : R :=
  if Nat.eqb (kz z) (kc j) then table a z else table b z.

Lemma exp_power n x : 0 < x -> exp (INR n * ln x) = x ^ n.
Proof.
  intros x_positive.
  induction n as [|n IH]; [simpl; rewrite Rmult_0_l, exp_0; reflexivity|].
  rewrite S_INR.
  replace ((INR n + 1) * ln x) with (ln x + INR n * ln x) by ring.
  rewrite exp_plus, exp_ln, IH by exact x_positive. reflexivity.
Qed.

Lemma ln_le_minus_one x : 0 < x -> ln x <= x - 1.
Proof.
  intros x_positive. pose proof (exp_ineq1_le (ln x)) as E.
  rewrite exp_ln in E by exact x_positive. lra.
Qed.

(* Computes everything but the real numbers. *)
Ltac numbers := cbv -[Rlt Rle Rplus Rmult Rdiv Rminus Ropp Rinv IZR pow ln exp].
Ltac each_of z_in := simpl in z_in;
  repeat (destruct z_in as [<-|z_in]); [.. | contradiction].
Ltac each_token := intros z z_in; each_of z_in; numbers; lra.
Ltac each_context := intros j; repeat
  match goal with
  | x : bool |- _ => destruct x
  | x : three |- _ => destruct x
  | x : (_ * _)%type |- _ => destruct x
  end.
Ltac each_row := each_context; numbers; lra.
(* At most three concepts, of equal size. *)
Ltac each_concept :=
  split; [repeat (constructor; [simpl; intuition discriminate|]); constructor|];
  split; [intros z z_in; each_of z_in; apply Nat.ltb_lt; reflexivity|];
  split; [each_context; apply Nat.ltb_lt; reflexivity|];
  intros k k_lt; do 3 (destruct k as [|k]; [lia || reflexivity|]); lia.
(* The dataset of App. B.3. *)
Ltac each_shape :=
  split; [lia|split; [numbers; lra|]];
  split; [|split; [|each_token]];
  (intros k k_lt; do 3 (destruct k as [|k];
    [lia || (split; [each_token|numbers; lra])|]); lia).
