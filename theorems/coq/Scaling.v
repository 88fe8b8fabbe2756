(* The length of the steering vector: along c v a strength is worth c times as
   much, and of unit vectors no strength is a property of the data. *)
From Coq Require Import Reals List Lra.
From Steering Require Import Definitions Sum Bump Transformer Rate.
Open Scope R_scope.

Lemma mass_scaled {A} (V : list A) p M c C alpha :
  mass V p (fun y => c * M y) C alpha = mass V p M C (c * alpha).
Proof. apply sum_ext. intros z _. apply tilt_scaled. Qed.

Lemma loss_scaled {A J} (V : list A) (js : list J) w p M c alpha :
  cross_entropy_increase V js w p (fun y => c * M y) alpha =
  cross_entropy_increase V js w p M (c * alpha).
Proof.
  unfold cross_entropy_increase, cross_entropy. do 2 f_equal.
  apply sum_ext. intros j _. f_equal. apply sum_ext. intros z _.
  rewrite tilt_scaled. reflexivity.
Qed.

Section Model.
Context {A J : Type}.
Variables (V : list A) (d : nat) (W : A -> nat -> R) (H : J -> nat -> R)
  (p : J -> A -> R) (P N : list J).
Hypothesis W_H_trained : trained V d W H p.

Notation v := (steering_vector H P N).
Notation decoder s := (fun z i => W z i / s).
Notation states s := (fun j i => s * H j i).

Lemma vector_scaled s i : steering_vector (states s) P N i = s * v i.
Proof.
  unfold steering_vector, average. rewrite !sum_scal. unfold Rdiv. ring.
Qed.

Lemma logits_scaled s x z : s <> 0 ->
  logits d (decoder s) (fun i => s * x i) z = logits d W x z.
Proof. intros s_nonzero. apply sum_ext. intros i _. field. exact s_nonzero. Qed.

Lemma trained_scaled s : s <> 0 -> trained V d (decoder s) (states s) p.
Proof.
  intros s_nonzero j z z_in. rewrite <- (W_H_trained j z z_in).
  unfold softmax. rewrite (logits_scaled s (H j) z s_nonzero).
  f_equal. apply sum_ext. intros y _.
  rewrite (logits_scaled s (H j) y s_nonzero). reflexivity.
Qed.

(* A vector of any length, with one and the same model of the data. *)
Lemma any_length : 0 < euclidean d v -> forall length, 0 < length ->
  exists W' H', trained V d W' H' p /\
  euclidean d (steering_vector H' P N) = length /\
  forall j alpha z,
  logits d W' (fun i => H' j i + alpha * (steering_vector H' P N i / length)) z
    = steered_logits d W H P N j (alpha / length) z.
Proof.
  intros v_positive length length_positive.
  set (s := length / euclidean d v).
  assert (s_positive : 0 < s) by (apply Rdiv_lt_0_compat; assumption).
  exists (decoder s), (states s).
  split; [apply trained_scaled; lra|]. split.
  - rewrite (euclidean_ext d _ (fun i => s * v i))
      by (intros; apply vector_scaled).
    rewrite norm_scal by lra. unfold s. field. lra.
  - intros j alpha z. unfold steered_logits.
    rewrite <- (logits_scaled s _ z ltac:(lra)).
    apply sum_ext. intros i _. rewrite vector_scaled. field. lra.
Qed.
End Model.
