(* Transformers meet the hypotheses of Proposition 4.1, and a concrete one. *)
From Coq Require Import Reals List Arith Lra Lia.
From Steering Require Import Definitions Sum Calculus Infinity Transformer
  Attention FeedForward Existence.
Open Scope R_scope.

Lemma normalisation_bounded d norm : normalisation d norm ->
  bounded_norm d norm.
Proof.
  intros [[eps [gain [eps_nonneg ->]]]|[eps [gain [bias [eps_nonneg ->]]]]];
    [apply rms_norm_bounded|apply layer_norm_bounded]; exact eps_nonneg.
Qed.

Lemma transformer_map_bounded n d F : transformer_map n d F ->
  bounded_map n d F.
Proof.
  induction 1 as [size mask heads bias|width act W1 b1 W2 b2 act_bounded
    |width act W b W1 b1 W2 b2 act_bounded|experts gates_bounded _ IH
    |norm F norm_is].
  - apply attention_bounded.
  - apply feed_forward_bounded; exact act_bounded.
  - apply gated_feed_forward_bounded; exact act_bounded.
  - apply mixture_bounded; assumption.
  - apply post_normed_bounded, normalisation_bounded, norm_is.
Qed.

Lemma transformer_pre_norm n d layers :
  (forall s, In s layers -> transformer_sublayer n d s) -> pre_norm n d layers.
Proof.
  intros sublayers s s_in. destruct (sublayers s s_in) as [norm_is map_is].
  split; [apply normalisation_bounded; exact norm_is|].
  apply transformer_map_bounded; exact map_is.
Qed.

(* The norm of App. B.6: sqrt d x / |x|. Where x = 0 both sides are 0. *)
Lemma rms_norm_without_eps d gain x i : (i < d)%nat ->
  rms_norm d 0 gain x i = gain i * (sqrt (INR d) * (x i / euclidean d x)).
Proof.
  intros i_lt_d. assert (D : 0 < INR d) by (apply lt_0_INR; lia).
  assert (E : euclidean d x = sqrt (INR d) * rms d 0 x).
  { unfold rms, row_average, average, euclidean.
    rewrite row_length, Rplus_0_r, <- sqrt_mult_alt by lra. f_equal.
    replace (INR d * (sum (fun i => x i ^ 2) (seq 0 d) / INR d))
      with (sum (fun i => x i ^ 2) (seq 0 d)) by (field; lra).
    apply sum_ext; intros; ring. }
  assert (P : 0 < sqrt (INR d)) by (apply sqrt_lt_R0; exact D).
  unfold rms_norm. f_equal. rewrite E.
  destruct (Req_dec (rms d 0 x) 0) as [Z|Z]; [|field; lra].
  assert (x_zero : Rabs (x i) <= sqrt (INR d) * rms d 0 x)
    by (apply coordinate_rms; [lra|exact i_lt_d]).
  rewrite Z, Rmult_0_r in x_zero. pose proof (Rabs_pos (x i)).
  destruct (Req_dec (x i) 0) as [->|x_nonzero]; [unfold Rdiv; ring|].
  pose proof (Rabs_pos_lt _ x_nonzero). lra.
Qed.

(* ---- A network: causal attention, then ReLU; d = 2, two rows ---- *)

Definition no_bias (_ : nat) : R := 0.
Definition example_norm : (nat -> R) -> nat -> R := rms_norm 2 1 (fun _ => 1).
Definition example_head : head := {|
  head_score := dot_product 2 2 one_hot one_hot no_bias no_bias;
  head_value := one_hot; head_value_bias := no_bias; head_output := one_hot
|}.
Definition example_layers : list sublayer :=
  (example_norm, attention 2 2 2 causal (example_head :: nil) no_bias)
  :: (example_norm,
      feed_forward 2 2 (Rmax 0) one_hot no_bias one_hot no_bias) :: nil.
Definition example_vector (_ i : nat) : R := if Nat.eqb i 0 then 1 else -1.

Lemma rectifier_bounded : locally_bounded (Rmax 0).
Proof.
  apply linear_locally_bounded with (factor := 1) (constant := 0). intros x.
  unfold Rmax. destruct (Rle_dec 0 x); [lra|].
  rewrite Rabs_R0. pose proof (Rabs_pos x). lra.
Qed.

Lemma example_sublayers s : In s example_layers -> transformer_sublayer 2 2 s.
Proof.
  assert (N : normalisation 2 example_norm)
    by (left; exists 1, (fun _ => 1); split; [lra|reflexivity]).
  intros [<-|[<-|[]]]; (split; [exact N|]); simpl.
  - constructor.
  - constructor. apply rectifier_bounded.
Qed.

Definition example_stream (alpha : R) : stream :=
  steered_stream (fun _ _ => 0) example_vector alpha.
Definition normed_entry (alpha : R) : R :=
  alpha / rms 2 1 (example_stream alpha 0%nat).

Lemma example_normed alpha t : example_norm (example_stream alpha t) 0 =
  normed_entry alpha.
Proof.
  unfold example_norm, rms_norm, normed_entry.
  change (example_stream alpha t) with (example_stream alpha 0%nat).
  unfold example_stream at 1, steered_stream, example_vector. simpl.
  unfold Rdiv. ring.
Qed.

(* All rows are equal, so attention returns the normed row. *)
Lemma example_attended alpha :
  attended 2 2 causal example_head (fun t => example_norm
    (example_stream alpha t)) 1 0 = normed_entry alpha.
Proof.
  assert (B : normed_entry alpha <= attended 2 2 causal example_head
      (fun t => example_norm (example_stream alpha t)) 1 0
      <= normed_entry alpha); [|lra].
  apply attended_between; [exists 0%nat; split; [lia|reflexivity]|].
  intros s _ _. unfold affine, dot. simpl. rewrite example_normed.
  unfold one_hot, no_bias. simpl. lra.
Qed.

Lemma example_remainder alpha : exists scale,
  remainder example_layers (fun _ _ => 0) example_vector alpha 1%nat 0%nat =
    normed_entry alpha + Rmax 0 ((alpha + normed_entry alpha) / scale).
Proof.
  set (first := apply_sublayer
    (example_norm, attention 2 2 2 causal (example_head :: nil) no_bias)
    (example_stream alpha)).
  assert (attention_entry : attention 2 2 2 causal (example_head :: nil) no_bias
      (fun t => example_norm (example_stream alpha t)) 1%nat 0%nat =
      normed_entry alpha).
  { unfold attention, dot. cbn [sum seq head_output example_head].
    rewrite example_attended. unfold one_hot, no_bias. simpl. ring. }
  exists (rms 2 1 (first 1%nat)).
  unfold remainder. cbn [increments example_layers fst snd].
  fold (example_stream alpha). fold first. rewrite attention_entry.
  rewrite Rplus_0_r. f_equal. unfold feed_forward, affine, dot. simpl.
  assert (E : first 1%nat 0%nat = alpha + normed_entry alpha).
  { unfold first, apply_sublayer. cbn [fst snd]. rewrite attention_entry.
    unfold example_stream, steered_stream, example_vector. simpl. ring. }
  unfold example_norm, rms_norm, no_bias. rewrite E.
  unfold one_hot. cbn [Nat.eqb].
  set (x := (alpha + normed_entry alpha) / rms 2 1 (first 1%nat)).
  replace (1 * (1 * x) + (0 * _ + 0) + 0) with x by ring. ring.
Qed.

(* Steering changes what the sublayers add. *)
Lemma example_moves :
  remainder example_layers (fun _ _ => 0) example_vector 1 1%nat 0%nat <>
    remainder example_layers (fun _ _ => 0) example_vector 0 1%nat 0%nat.
Proof.
  destruct (example_remainder 1) as [scale ->].
  destruct (example_remainder 0) as [scale' ->].
  assert (E : normed_entry 0 = 0) by (unfold normed_entry, Rdiv; ring).
  assert (Z : Rmax 0 (0 / scale') = 0)
    by (unfold Rdiv; rewrite Rmult_0_l; apply Rmax_left; lra).
  rewrite E, !Rplus_0_l, Z.
  assert (0 < normed_entry 1).
  { apply Rdiv_lt_0_compat; [lra|]. apply sqrt_lt_R0.
    unfold row_average, average, example_stream, steered_stream,
      example_vector. simpl. lra. }
  pose proof (Rmax_l 0 ((1 + normed_entry 1) / scale)). intros equal. lra.
Qed.

Lemma example_meets_hypotheses :
  (forall s, In s example_layers -> transformer_sublayer 2 2 s) /\
  pre_norm 2 2 example_layers /\
  example_vector 1%nat 0%nat <> 0 /\
  centred 2 (example_vector 1%nat) 0 <> 0 /\
  remainder example_layers (fun _ _ => 0) example_vector 1 1%nat 0%nat <>
    remainder example_layers (fun _ _ => 0) example_vector 0 1%nat 0%nat.
Proof.
  split; [exact example_sublayers|].
  split; [apply transformer_pre_norm, example_sublayers|].
  split; [unfold example_vector; simpl; lra|]. split; [|exact example_moves].
  unfold centred, row_average, average, example_vector. simpl. lra.
Qed.
