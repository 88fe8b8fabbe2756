(* Lemmas B.2 and B.3: steering adds alpha times a difference
   of mean logits, so a trained model is tilted *)
From Coq Require Import Reals List Arith Lra Lia.
From Steering Require Import Definitions Sum Calculus Infinity Tilt.
Open Scope R_scope.

Section Model.
Context {A J : Type}.
Variables (V : list A) (d : nat) (W : A -> nat -> R) (H : J -> nat -> R)
  (p : J -> A -> R) (P N : list J).

Lemma dot_linear x u v alpha :
  dot d x (fun i => u i + alpha * v i) = dot d x u + alpha * dot d x v.
Proof.
  unfold dot. rewrite <- sum_scal, <- sum_plus. apply sum_ext; intros; ring.
Qed.

Lemma dot_average x l : dot d x (fun i => average (fun j => H j i) l) =
    average (fun j => dot d x (H j)) l.
Proof.
  unfold dot, average. rewrite <- sum_swap, <- sum_div. apply sum_ext.
  intros i _. unfold Rdiv. rewrite <- Rmult_assoc, <- sum_scal. reflexivity.
Qed.

Lemma vector_logits z : logits d W (steering_vector H P N) z =
  average (fun i => logits d W (H i) z) P
    - average (fun i => logits d W (H i) z) N.
Proof.
  unfold logits. rewrite <- !dot_average. unfold dot. rewrite <- sum_minus.
  apply sum_ext. intros i _. unfold steering_vector. ring.
Qed.

Lemma steered_affine j alpha z : steered_logits d W H P N j alpha z =
  logits d W (H j) z +
  alpha * (average (fun i => logits d W (H i) z) P
    - average (fun i => logits d W (H i) z) N).
Proof.
  rewrite <- vector_logits. unfold steered_logits, logits. apply dot_linear.
Qed.

Lemma steered_scaled j c alpha z :
  softmax V (logits d W
    (fun i => H j i + alpha * (c * steering_vector H P N i))) z =
  steered_law V d W H P N j (c * alpha) z.
Proof.
  assert (E : forall y, logits d W
      (fun i => H j i + alpha * (c * steering_vector H P N i)) y =
      steered_logits d W H P N j (c * alpha) y)
    by (intros; apply sum_ext; intros; ring).
  unfold steered_law, softmax. rewrite E. f_equal.
  apply sum_ext. intros y _. rewrite E. reflexivity.
Qed.

Hypothesis V_nonempty : V <> nil.
Hypothesis model_trained : trained V d W H p.
Hypothesis P_nonempty : P <> nil.
Hypothesis N_nonempty : N <> nil.

(* Softmax forgets constants, so logits are
   log-probabilities plus a constant of the context. *)
Definition offset (j : J) : R := ln (sum (fun y => exp (logits d W (H j) y)) V).

Lemma normaliser_pos j : 0 < sum (fun y => exp (logits d W (H j) y)) V.
Proof. apply sum_pos; [exact V_nonempty|]. intros; apply exp_pos. Qed.

Lemma trained_law j : law V (p j).
Proof.
  split.
  - intros z z_in. rewrite <- model_trained by exact z_in.
    apply Rdiv_lt_0_compat; [apply exp_pos|apply normaliser_pos].
  - rewrite (sum_ext _ (softmax V (logits d W (H j))))
      by (intros; symmetry; apply model_trained; assumption).
    unfold softmax. rewrite sum_div. apply Rinv_r, Rgt_not_eq, normaliser_pos.
Qed.

Lemma logits_offset j z : In z V -> logits d W (H j) z = ln (p j z) + offset j.
Proof.
  intros z_in. rewrite <- model_trained by exact z_in.
  unfold softmax, Rdiv, offset. pose proof (normaliser_pos j).
  rewrite ln_mult, ln_exp, ln_Rinv; try assumption;
    [ring|apply exp_pos|apply Rinv_0_lt_compat; assumption].
Qed.

Lemma average_offset l z : l <> nil -> In z V ->
  average (fun i => logits d W (H i) z) l =
    average (fun i => ln (p i z)) l + average offset l.
Proof.
  intros l_nonempty z_in. unfold average.
  rewrite (sum_ext _ (fun i => ln (p i z) + offset i))
    by (intros; apply logits_offset; exact z_in). rewrite sum_plus. unfold Rdiv.
  ring.
Qed.

(* In logit space the steering vector is M, up to a constant. *)
Lemma vector_log_odds z : In z V ->
  logits d W (steering_vector H P N) z =
    log_odds p P N z + (average offset P - average offset N).
Proof.
  intros z_in. rewrite vector_logits, !average_offset by assumption.
  unfold log_odds. ring.
Qed.

Lemma steered_weight j alpha z : In z V ->
  exp (steered_logits d W H P N j alpha z) =
  exp (offset j + alpha * (average offset P - average offset N)) *
    weight (p j) (log_odds p P N) alpha z.
Proof.
  intros z_in. destruct (trained_law j) as [Pj _]. specialize (Pj z z_in).
  rewrite steered_affine, !average_offset, logits_offset by assumption.
  unfold weight, log_odds.
  rewrite <- (exp_ln (p j z)) at 2 by exact Pj. rewrite <- !exp_plus. f_equal.
  ring.
Qed.

Lemma steered_tilt j alpha z : In z V ->
  steered_law V d W H P N j alpha z = tilt V (p j) (log_odds p P N) alpha z.
Proof.
  intros z_in. unfold steered_law, softmax, tilt, partition.
  set (k := exp (offset j + alpha * (average offset P - average offset N))).
  rewrite (sum_ext _ (fun y => k * weight (p j) (log_odds p P N) alpha y))
    by (intros; apply steered_weight; assumption).
  rewrite steered_weight, sum_scal by exact z_in. fold k.
  fold (partition V (p j) (log_odds p P N) alpha). field. split.
  - apply partition_ne; [apply (trained_law j)|exact V_nonempty].
  - apply Rgt_not_eq, exp_pos.
Qed.
End Model.
