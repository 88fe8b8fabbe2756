(* Softmax attention averages the values of the rows that it may see, so it is
   bounded on bounded sets, whatever its scores and its mask are. *)
From Coq Require Import Reals List Arith Lra Lia.
From Steering Require Import Definitions Sum Calculus Infinity Transformer.
Open Scope R_scope.

(* ---- Affine maps ---- *)

Lemma dot_bounded d a x b : (forall k, (k < d)%nat -> Rabs (x k) <= b) ->
  Rabs (dot d a x) <= sum (fun k => Rabs (a k)) (seq 0 d) * b.
Proof.
  intros x_bounded. eapply Rle_trans; [apply sum_abs|].
  rewrite <- sum_scal_r. apply sum_le. intros k k_in. apply in_row in k_in.
  rewrite Rabs_mult.
  apply Rmult_le_compat_l; [apply Rabs_pos|apply x_bounded; exact k_in].
Qed.

Definition affine_bound d (W : nat -> nat -> R) (c : nat -> R) b k : R :=
  sum (fun i => Rabs (W k i)) (seq 0 d) * b + Rabs (c k).

Lemma affine_bounded d W c x b k :
  (forall i, (i < d)%nat -> Rabs (x i) <= b) ->
  Rabs (affine d W c x k) <= affine_bound d W c b k.
Proof.
  intros x_bounded. eapply Rle_trans; [apply Rabs_triang|].
  apply Rplus_le_compat_r. apply dot_bounded; exact x_bounded.
Qed.

(* One bound for all coordinates: no maximum is needed. *)
Definition total (d : nat) (f : nat -> R) : R :=
  sum (fun k => Rabs (f k)) (seq 0 d).

Lemma total_bounds d f k : (k < d)%nat -> f k <= total d f.
Proof.
  intros k_lt_d. eapply Rle_trans; [apply Rle_abs|].
  apply (term_le_sum (fun k => Rabs (f k)));
    [intros; apply Rabs_pos|apply in_row; exact k_lt_d].
Qed.

Lemma affine_total d size W c x b k :
  (forall i, (i < d)%nat -> Rabs (x i) <= b) -> (k < size)%nat ->
  Rabs (affine d W c x k) <= total size (affine_bound d W c b).
Proof.
  intros x_bounded k_lt_size.
  eapply Rle_trans; [apply affine_bounded; exact x_bounded|].
  apply total_bounds; exact k_lt_size.
Qed.

Lemma bounded_by_coordinates n d (F : stream -> stream) :
  (forall bound, exists image : nat -> R, forall X, row_bounded n d bound X ->
    forall t i, (t < n)%nat -> (i < d)%nat -> Rabs (F X t i) <= image i) ->
  bounded_map n d F.
Proof.
  intros coordinates bound. destruct (coordinates bound) as [image F_bounded].
  exists (total d image). intros X X_bounded t i t_lt_n i_lt_d.
  eapply Rle_trans; [apply F_bounded; assumption|].
  apply total_bounds; exact i_lt_d.
Qed.

(* ---- Softmax weights, and averages by them ---- *)

Lemma softmax_law {A} (V : list A) (f : A -> R) : V <> nil ->
  law V (softmax V f).
Proof.
  intros V_nonempty.
  split; [intros z z_in; apply softmax_positive; exact z_in|].
  unfold softmax. rewrite sum_div.
  assert (0 < sum (fun y => exp (f y)) V)
    by (apply sum_pos; [exact V_nonempty|intros; apply exp_pos]).
  field. lra.
Qed.

Lemma average_between {A} (V : list A) (q f : A -> R) low high : law V q ->
  (forall z, In z V -> low <= f z <= high) ->
  low <= sum (fun z => q z * f z) V <= high.
Proof.
  intros [q_positive q_sum] between.
  rewrite <- (Rmult_1_l low), <- (Rmult_1_l high), <- q_sum, <- !sum_scal_r.
  split; apply sum_le; intros z z_in; specialize (q_positive z z_in);
    apply Rmult_le_compat_l; try lra; apply between; exact z_in.
Qed.

Section Attention.
Variables (n d size : nat) (mask : nat -> nat -> bool).

Lemma visible_in t s : In s (visible n mask t) <->
  (s < n)%nat /\ mask t s = true.
Proof. unfold visible. rewrite filter_In, in_row. reflexivity. Qed.

Lemma visible_nonempty t :
  (exists s, (s < n)%nat /\ mask t s = true) -> visible n mask t <> nil.
Proof.
  intros [s s_visible] E. apply visible_in in s_visible.
  rewrite E in s_visible. exact s_visible.
Qed.

Lemma attention_law h X t : (exists s, (s < n)%nat /\ mask t s = true) ->
  law (visible n mask t) (attention_weight n mask h X t).
Proof. intros sees. apply softmax_law, visible_nonempty, sees. Qed.

Lemma attended_between h X t k low high :
  (exists s, (s < n)%nat /\ mask t s = true) ->
  (forall s, (s < n)%nat -> mask t s = true ->
    low <= affine d (head_value h) (head_value_bias h) (X s) k <= high) ->
  low <= attended n d mask h X t k <= high.
Proof.
  intros sees between. apply average_between.
  - apply attention_law, sees.
  - intros s s_visible. apply visible_in in s_visible. apply between; tauto.
Qed.

Lemma attention_average h X t :
  (exists s, (s < n)%nat /\ mask t s = true) ->
  law (visible n mask t) (attention_weight n mask h X t) /\
  forall k low high,
  (forall s, (s < n)%nat -> mask t s = true ->
    low <= affine d (head_value h) (head_value_bias h) (X s) k <= high) ->
  low <= attended n d mask h X t k <= high.
Proof.
  intros sees. split; [apply attention_law; exact sees|].
  intros. apply attended_between; assumption.
Qed.

(* A row that sees none gets the empty sum, 0. *)
Lemma attended_bounded h X t k b : (forall s, (s < n)%nat ->
    Rabs (affine d (head_value h) (head_value_bias h) (X s) k) <= b) ->
  Rabs (attended n d mask h X t k) <= Rabs b.
Proof.
  intros values_bounded.
  destruct (visible n mask t) as [|s rest] eqn:E.
  - unfold attended. rewrite E. simpl. rewrite Rabs_R0. apply Rabs_pos.
  - assert (s_visible : In s (visible n mask t))
      by (rewrite E; left; reflexivity).
    apply visible_in in s_visible. apply Rabs_le.
    apply attended_between; [exists s; exact s_visible|].
    intros s' s'_lt_n _. pose proof (Rle_abs b).
    specialize (values_bounded s' s'_lt_n).
    apply abs_bounds in values_bounded. lra.
Qed.

Lemma attention_bounded heads bias :
  bounded_map n d (attention n d size mask heads bias).
Proof.
  apply bounded_by_coordinates. intros bound.
  set (b := fun h => Rabs (total size
      (affine_bound d (head_value h) (head_value_bias h) bound))).
  exists (fun i => sum (fun h =>
    sum (fun k => Rabs (head_output h i k)) (seq 0 size) * b h) heads
    + Rabs (bias i)).
  intros X X_bounded t i t_lt_n i_lt_d.
  eapply Rle_trans; [apply Rabs_triang|]. apply Rplus_le_compat_r.
  eapply Rle_trans; [apply sum_abs|]. apply sum_le. intros h _.
  apply dot_bounded. intros k k_lt_size. apply attended_bounded.
  intros s s_lt_n. apply affine_total; [|exact k_lt_size].
  intros j j_lt_d. apply X_bounded; assumption.
Qed.
End Attention.
