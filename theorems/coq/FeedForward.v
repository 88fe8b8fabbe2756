(* Feed-forward maps, gated ones and mixtures of experts are bounded on bounded
   sets if their activation is. *)
From Coq Require Import Reals List Arith Lra Lia.
From Steering Require Import Definitions Sum Calculus Infinity Transformer
  Attention.
Open Scope R_scope.

(* ---- Activations ---- *)

Lemma continuous_locally_bounded act : continuity act -> locally_bounded act.
Proof.
  intros act_continuous bound. set (b := Rabs bound).
  assert (interval : - b <= b) by (pose proof (Rabs_pos bound); unfold b; lra).
  destruct (continuity_ab_maj act (- b) b interval) as [high [above _]];
    [intros; apply act_continuous|].
  destruct (continuity_ab_min act (- b) b interval) as [low [below _]];
    [intros; apply act_continuous|].
  exists (Rabs (act high) + Rabs (act low)). intros x x_bounded.
  pose proof (Rle_abs bound). apply abs_bounds in x_bounded.
  specialize (above x ltac:(unfold b; lra)).
  specialize (below x ltac:(unfold b; lra)).
  pose proof (Rle_abs (act high)). pose proof (Rle_abs (- act low)) as L.
  rewrite Rabs_Ropp in L.
  pose proof (Rabs_pos (act high)). pose proof (Rabs_pos (act low)).
  apply Rabs_le. lra.
Qed.

Lemma linear_locally_bounded act factor constant :
  (forall x, Rabs (act x) <= factor * Rabs x + constant) -> locally_bounded act.
Proof.
  intros grows bound. exists (Rabs factor * Rabs bound + constant).
  intros x x_bounded. eapply Rle_trans; [apply grows|].
  apply Rplus_le_compat_r.
  apply Rle_trans with (Rabs factor * Rabs x).
  - apply Rmult_le_compat_r; [apply Rabs_pos|apply Rle_abs].
  - apply Rmult_le_compat_l; [apply Rabs_pos|].
    pose proof (Rle_abs bound). lra.
Qed.

Lemma lipschitz_locally_bounded act factor :
  (forall x y, Rabs (act x - act y) <= factor * Rabs (x - y)) ->
  locally_bounded act.
Proof.
  intros lipschitz.
  apply linear_locally_bounded
    with (factor := factor) (constant := Rabs (act 0)).
  intros x. specialize (lipschitz x 0). rewrite Rminus_0_r in lipschitz.
  replace (act x) with (act x - act 0 + act 0) by ring.
  eapply Rle_trans; [apply Rabs_triang|]. lra.
Qed.

(* ReLU, GELU (exact or by tanh), SiLU: x times a gate in [0, 1]. *)
Lemma self_gated_locally_bounded gate : (forall x, 0 <= gate x <= 1) ->
  locally_bounded (fun x => x * gate x).
Proof.
  intros between.
  apply linear_locally_bounded with (factor := 1) (constant := 0).
  intros x. specialize (between x).
  rewrite Rabs_mult, (Rabs_right (gate x)) by lra. pose proof (Rabs_pos x). nra.
Qed.

Lemma activation_bounded act :
  (continuity act -> locally_bounded act) /\
  (forall factor, (forall x y, Rabs (act x - act y) <= factor * Rabs (x - y)) ->
    locally_bounded act) /\
  (forall factor constant,
    (forall x, Rabs (act x) <= factor * Rabs x + constant) ->
    locally_bounded act) /\
  ((forall x, 0 <= act x <= 1) -> locally_bounded (fun x => x * act x)).
Proof.
  split; [apply continuous_locally_bounded|].
  split; [apply lipschitz_locally_bounded|].
  split; [apply linear_locally_bounded|apply self_gated_locally_bounded].
Qed.

(* ---- Maps ---- *)

Section Maps.
Variables (n d width : nat) (act : R -> R) (W W1 W2 : nat -> nat -> R)
  (b b1 b2 : nat -> R).
Hypothesis act_bounded : locally_bounded act.

Lemma feed_forward_bounded :
  bounded_map n d (feed_forward d width act W1 b1 W2 b2).
Proof.
  apply bounded_by_coordinates. intros bound.
  destruct (act_bounded (total width (affine_bound d W1 b1 bound)))
    as [image inner_bounded].
  exists (affine_bound width W2 b2 image). intros X X_bounded t i t_lt_n _.
  apply affine_bounded. intros k k_lt_width. apply inner_bounded.
  apply affine_total; [|exact k_lt_width].
  intros j j_lt_d. apply X_bounded; assumption.
Qed.

Lemma gated_feed_forward_bounded :
  bounded_map n d (gated_feed_forward d width act W b W1 b1 W2 b2).
Proof.
  apply bounded_by_coordinates. intros bound.
  destruct (act_bounded (total width (affine_bound d W b bound)))
    as [image inner_bounded].
  exists (affine_bound width W2 b2
    (image * total width (affine_bound d W1 b1 bound))).
  intros X X_bounded t i t_lt_n _.
  assert (row : forall j, (j < d)%nat -> Rabs (X t j) <= bound)
    by (intros; apply X_bounded; assumption).
  apply affine_bounded. intros k k_lt_width. rewrite Rabs_mult.
  apply Rmult_le_compat; try apply Rabs_pos.
  - apply inner_bounded, affine_total; assumption.
  - apply affine_total; assumption.
Qed.
End Maps.

Lemma mixture_bounded n d experts :
  (forall e, In e experts -> forall X t, Rabs (fst e X t) <= 1) ->
  (forall e, In e experts -> bounded_map n d (snd e)) ->
  bounded_map n d (mixture experts).
Proof.
  intros gates_bounded experts_bounded bound.
  induction experts as [|e rest IH].
  - exists 0. intros X _ t i _ _. unfold mixture. simpl. rewrite Rabs_R0. lra.
  - destruct IH as [c rest_bounded];
      [intros; apply gates_bounded; right; assumption
      |intros; apply experts_bounded; right; assumption|].
    destruct (experts_bounded e (or_introl eq_refl) bound) as [c' e_bounded].
    exists (c' + c). intros X X_bounded t i t_lt_n i_lt_d.
    unfold mixture. simpl.
    eapply Rle_trans; [apply Rabs_triang|].
    apply Rplus_le_compat; [|apply rest_bounded; assumption].
    rewrite Rabs_mult, <- (Rmult_1_l c').
    apply Rmult_le_compat; try apply Rabs_pos;
      [apply gates_bounded; left; reflexivity|apply e_bounded; assumption].
Qed.

(* A norm after the map bounds it, whatever the map is. *)
Lemma post_normed_bounded n d norm (F : stream -> stream) :
  bounded_norm d norm -> bounded_map n d (fun X t => norm (F X t)).
Proof.
  intros [b norm_bounded] bound. exists b. intros X _ t i _ i_lt_d.
  apply norm_bounded; exact i_lt_d.
Qed.
