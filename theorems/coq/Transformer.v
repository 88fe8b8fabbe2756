(* Proposition 4.1: a pre-norm transformer adds a bounded remainder
   to the steered stream, which the last norm forgets. *)
From Coq Require Import Reals List Arith Lra Lia.
From Steering Require Import Definitions Sum Calculus Infinity.
Open Scope R_scope.

Lemma in_row d i : (i < d)%nat <-> In i (seq 0 d).
Proof. rewrite in_seq. lia. Qed.

Lemma row_length d : INR (length (seq 0 d)) = INR d.
Proof. rewrite seq_length. reflexivity. Qed.

(* x_i^2 <= d rms^2, so a normalised coordinate is at most sqrt d. With eps = 0
   the rms may be 0; then x_i = 0 as well. *)
Lemma coordinate_rms d eps x i : 0 <= eps -> (i < d)%nat ->
  Rabs (x i) <= sqrt (INR d) * rms d eps x.
Proof.
  intros eps_nonneg i_lt_d.
  assert (D : 0 < INR d) by (apply lt_0_INR; lia).
  unfold rms. rewrite <- sqrt_mult_alt by lra. rewrite <- sqrt_Rsqr_abs.
  apply sqrt_le_1_alt. unfold Rsqr.
  assert (S : x i ^ 2 <= sum (fun i => x i ^ 2) (seq 0 d)).
  { apply (term_le_sum (fun i => x i ^ 2));
      [intros; apply pow2_ge_0|apply in_row; exact i_lt_d]. }
  unfold row_average, average. rewrite row_length.
  replace (INR d * (sum (fun i0 => x i0 ^ 2) (seq 0 d) / INR d + eps))
    with (sum (fun i0 => x i0 ^ 2) (seq 0 d) + INR d * eps) by (field; lra).
  assert (0 <= INR d * eps) by (apply Rmult_le_pos; lra). lra.
Qed.

Lemma rms_norm_bounded d eps gain : 0 <= eps ->
  bounded_norm d (rms_norm d eps gain).
Proof.
  intros eps_nonneg.
  exists (sum (fun i => Rabs (gain i)) (seq 0 d) * sqrt (INR d)).
  intros x i i_lt_d.
  unfold rms_norm. rewrite Rabs_mult. apply Rmult_le_compat; try apply Rabs_pos.
  - apply (term_le_sum (fun i => Rabs (gain i)));
      [intros; apply Rabs_pos|apply in_row; exact i_lt_d].
  - pose proof (coordinate_rms d eps x i eps_nonneg i_lt_d) as x_bounded.
    assert (0 <= rms d eps x) as [P|Z] by apply sqrt_pos; unfold Rdiv.
    + rewrite Rabs_mult, Rabs_inv, (Rabs_right (rms d eps x)) by lra.
      apply (Rmult_le_reg_r (rms d eps x)); [exact P|].
      rewrite Rmult_assoc, Rinv_l, Rmult_1_r by lra. exact x_bounded.
    + rewrite <- Z, Rmult_0_r in x_bounded. pose proof (Rabs_pos (x i)).
      rewrite Rabs_mult. replace (Rabs (x i)) with 0 by lra.
      rewrite Rmult_0_l. apply sqrt_pos.
Qed.

Lemma layer_norm_bounded d eps gain bias : 0 <= eps ->
  bounded_norm d (layer_norm d eps gain bias).
Proof.
  intros eps_nonneg.
  destruct (rms_norm_bounded d eps gain eps_nonneg) as [b norm_bounded].
  exists (b + sum (fun i => Rabs (bias i)) (seq 0 d)). intros x i i_lt_d.
  unfold layer_norm.
  eapply Rle_trans; [apply Rabs_triang|].
  apply Rplus_le_compat; [apply norm_bounded; exact i_lt_d|].
  apply (term_le_sum (fun i => Rabs (bias i)));
    [intros; apply Rabs_pos|apply in_row; exact i_lt_d].
Qed.

Lemma network_increments layers X t i :
  network layers X t i = X t i + increments layers X t i.
Proof.
  revert X. induction layers as [|s rest IH]; intros X; simpl; [ring|].
  rewrite IH. unfold apply_sublayer at 1. ring.
Qed.

(* App. B.6: h + alpha v + R(alpha). *)
Lemma steered_network layers X v alpha t i :
  network layers (steered_stream X v alpha) t i =
    X t i + alpha * v t i + remainder layers X v alpha t i.
Proof. apply network_increments. Qed.

(* Whatever enters, each sublayer adds something
   bounded: normalised input, bounded map. *)
Lemma increments_bounded n d layers : pre_norm n d layers ->
  exists c, forall X, row_bounded n d c (increments layers X).
Proof.
  induction layers as [|s rest IH]; intros layers_pre_norm.
  - exists 0. intros X t i _ _. simpl. rewrite Rabs_R0. lra.
  - destruct IH as [c rest_bounded];
      [intros s' s'_in; apply layers_pre_norm; right; exact s'_in|].
    destruct (layers_pre_norm s (or_introl eq_refl)) as [[b norm_bounded] F].
    destruct (F b) as [c' map_bounded].
    exists (c' + c). intros X t i t_lt_n i_lt_d. simpl.
    eapply Rle_trans; [apply Rabs_triang|].
    apply Rplus_le_compat; [|apply rest_bounded; assumption].
    apply map_bounded; try assumption. intros u k _ k_lt_d.
    apply norm_bounded; exact k_lt_d.
Qed.

Lemma unsteered_bounded n d layers : pre_norm n d layers ->
  forall X v t, (t < n)%nat -> exists rho, forall alpha i, (i < d)%nat ->
  Rabs (unsteered_part layers X v t alpha i) <= rho.
Proof.
  intros layers_pre_norm X v t t_lt_n.
  destruct (increments_bounded n d layers layers_pre_norm) as [c c_bounds].
  exists (sum (fun i => Rabs (X t i)) (seq 0 d) + c). intros alpha i i_lt_d.
  eapply Rle_trans; [apply Rabs_triang|].
  apply Rplus_le_compat; [|apply c_bounds; assumption].
  apply (term_le_sum (fun i => Rabs (X t i)));
    [intros; apply Rabs_pos|apply in_row; exact i_lt_d].
Qed.

(* ---- The last norm: divide by alpha, let the remainder and eps vanish ---- *)

Section Norm.
Variables (d : nat) (eps : R) (gain v : nat -> R) (r : R -> nat -> R) (rho : R).
Hypothesis r_bounded : forall alpha i, (i < d)%nat -> Rabs (r alpha i) <= rho.
Hypothesis v_nonzero : exists i, (i < d)%nat /\ v i <> 0.

Lemma square_average_pos : 0 < row_average d (fun i => v i ^ 2).
Proof.
  destruct v_nonzero as [i [i_lt_d Vi]]. unfold row_average, average.
  rewrite row_length. apply Rdiv_lt_0_compat; [|apply lt_0_INR; lia].
  apply Rlt_le_trans with (v i ^ 2); [apply square_pos; exact Vi|].
  apply (term_le_sum (fun i => v i ^ 2));
    [intros; apply pow2_ge_0|apply in_row; exact i_lt_d].
Qed.

Definition ray (alpha : R) (i : nat) : R := alpha * v i + r alpha i.

Lemma rescaled_limit i : (i < d)%nat ->
  tends_plus (fun alpha => v i + r alpha i / alpha) (v i).
Proof.
  intros i_lt_d. rewrite <- (Rplus_0_r (v i)) at 1.
  apply tends_plus_sum; [apply tends_const|].
  apply tends_bounded_inverse with (b := rho). intros x.
  apply r_bounded; exact i_lt_d.
Qed.

Lemma rms_ray alpha : 0 < alpha -> rms d eps (ray alpha) =
  alpha * sqrt (row_average d (fun i => (v i + r alpha i / alpha) ^ 2)
    + eps * (/ alpha * / alpha)).
Proof.
  intros alpha_positive.
  apply eq_trans with (sqrt (alpha ^ 2) * sqrt (row_average d
      (fun i => (v i + r alpha i / alpha) ^ 2) + eps * (/ alpha * / alpha)));
    [|rewrite sqrt_pow2 by lra; reflexivity].
  rewrite <- sqrt_mult_alt by apply pow2_ge_0. unfold rms. f_equal.
  rewrite Rmult_plus_distr_l. f_equal.
  - unfold row_average, average, Rdiv. rewrite <- Rmult_assoc, <- sum_scal.
    f_equal. apply sum_ext. intros i _. unfold ray. field. lra.
  - field. lra.
Qed.

Lemma norm_limit_plus i : (i < d)%nat ->
  tends_plus
    (fun alpha => rms_norm d eps gain (ray alpha) i) (rms_norm d 0 gain v i).
Proof.
  intros i_lt_d.
  apply (tends_eventually (fun alpha => gain i * ((v i + r alpha i / alpha) /
      sqrt (row_average d (fun k => (v k + r alpha k / alpha) ^ 2)
      + eps * (/ alpha * / alpha)))) _ _ 0).
  - intros x x_positive. unfold rms_norm. rewrite rms_ray by exact x_positive.
    unfold ray.
    destruct (Req_dec (sqrt (row_average d (fun k => (v k + r x k / x) ^ 2)
        + eps * (/ x * / x))) 0) as [E|E].
    + rewrite E, Rmult_0_r. unfold Rdiv. rewrite Rinv_0. ring.
    + field. split; [exact E|lra].
  - unfold rms_norm. apply tends_scal. apply tends_div.
    + apply Rgt_not_eq, sqrt_lt_R0. pose proof square_average_pos. lra.
    + apply rescaled_limit; exact i_lt_d.
    + apply (tends_compose _ sqrt).
      * apply tends_plus_sum.
        -- unfold row_average, average. apply tends_mult; [|apply tends_const].
           apply (tends_sum (fun x k => (v k + r x k / x) ^ 2)). intros k k_in.
           apply in_row in k_in.
           apply (tends_compose _ (fun y => y ^ 2));
             [apply rescaled_limit; exact k_in|].
           eapply derivable_continuity, derivable_power.
        -- replace 0 with (eps * (0 * 0)) by ring.
           apply tends_scal, tends_mult; apply tends_inverse.
      * apply continuity_pt_sqrt. pose proof square_average_pos. lra.
Qed.
End Norm.

(* ---- Prop. 4.1 ---- *)

Lemma rms_norm_ext d eps gain x y i : (forall k, x k = y k) ->
  rms_norm d eps gain x i = rms_norm d eps gain y i.
Proof.
  intros E. unfold rms_norm, rms, row_average, average. rewrite E.
  rewrite (sum_ext (fun k => x k ^ 2) (fun k => y k ^ 2))
    by (intros; rewrite E; reflexivity). reflexivity.
Qed.

(* RMSNorm is odd, so its two limits are opposite;
   a bias breaks that for LayerNorm. *)
Lemma rms_norm_odd d eps gain v i :
  rms_norm d eps gain (fun k => - v k) i = - rms_norm d eps gain v i.
Proof.
  unfold rms_norm, rms, row_average, average.
  rewrite (sum_ext (fun k => (- v k) ^ 2) (fun k => v k ^ 2)) by (intros; ring).
  unfold Rdiv. ring.
Qed.

Lemma centred_odd d v i : centred d (fun k => - v k) i = - centred d v i.
Proof.
  unfold centred, row_average, average. rewrite sum_opp. unfold Rdiv. ring.
Qed.

(* An output that is a ray plus a bounded remainder, seen
   through the last norm and one row U of the unembedding. *)
Section Head.
Variables (d : nat) (eps : R) (gain bias U u : nat -> R)
  (output r : R -> nat -> R) (rho : R).
Hypothesis r_bounded : forall alpha i, (i < d)%nat -> Rabs (r alpha i) <= rho.
Hypothesis output_is_ray : forall alpha i, output alpha i = ray u r alpha i.

Lemma rms_head : (exists i, (i < d)%nat /\ u i <> 0) ->
  tends_plus (fun alpha => dot d U (rms_norm d eps gain (output alpha)))
    (dot d U (rms_norm d 0 gain u)).
Proof.
  intros u_nonzero.
  apply (tends_sum (fun alpha i => U i * rms_norm d eps gain (output alpha) i)).
  intros i i_in.
  apply in_row in i_in. apply tends_scal.
  apply (tends_ext (fun alpha => rms_norm d eps gain (ray u r alpha) i)).
  - intros alpha. apply rms_norm_ext. intros k. symmetry. apply output_is_ray.
  - apply norm_limit_plus with (rho := rho); assumption.
Qed.

(* Centring is linear: a centred ray is a ray along
   centred u with twice the remainder. *)
Lemma centred_bounded alpha i : (i < d)%nat ->
  Rabs (centred d (r alpha) i) <= 2 * rho.
Proof.
  intros i_lt_d. unfold centred. assert (Rabs (row_average d (r alpha)) <= rho).
  { unfold row_average, average, Rdiv. rewrite row_length, Rabs_mult, Rabs_inv.
    assert (0 < INR d) by (apply lt_0_INR; lia).
    rewrite (Rabs_right (INR d)) by lra.
    apply (Rmult_le_reg_r (INR d)); [assumption|].
    rewrite Rmult_assoc, Rinv_l, Rmult_1_r by lra.
    eapply Rle_trans; [apply sum_abs|].
    rewrite <- row_length, Rmult_comm, <- sum_const.
    apply sum_le. intros k k_in. apply r_bounded. apply in_row; exact k_in. }
  specialize (r_bounded alpha i i_lt_d). eapply Rle_trans; [apply Rabs_triang|].
  rewrite Rabs_Ropp. lra.
Qed.

Lemma centred_ray alpha i :
  centred d (output alpha) i =
    ray (centred d u) (fun a => centred d (r a)) alpha i.
Proof.
  unfold centred, row_average, average. rewrite output_is_ray.
  rewrite (sum_ext (output alpha) (ray u r alpha))
    by (intros; apply output_is_ray).
  unfold ray. rewrite sum_plus, sum_scal. unfold Rdiv. ring.
Qed.

Lemma layer_head : (exists i, (i < d)%nat /\ centred d u i <> 0) ->
  tends_plus (fun alpha => dot d U (layer_norm d eps gain bias (output alpha)))
    (dot d U (layer_norm d 0 gain bias u)).
Proof.
  intros centred_nonzero.
  apply (tends_sum
      (fun alpha i => U i * layer_norm d eps gain bias (output alpha) i)).
  intros i i_in.
  apply in_row in i_in. apply tends_scal, tends_plus_sum; [|apply tends_const].
  apply (tends_ext (fun alpha => rms_norm d eps gain
      (ray (centred d u) (fun a => centred d (r a)) alpha) i)).
  - intros alpha. apply rms_norm_ext. intros k. symmetry. apply centred_ray.
  - apply norm_limit_plus with (rho := 2 * rho);
      [intros; apply centred_bounded|exact centred_nonzero|]; assumption.
Qed.
End Head.

(* Converging logits make converging next-token probabilities. *)
Lemma softmax_limit {A} (V : list A) (f : R -> A -> R) (lim : A -> R) z :
  In z V ->
  (forall y, In y V -> tends_plus (fun alpha => f alpha y) (lim y)) ->
  tends_plus (fun alpha => softmax V (f alpha) z) (softmax V lim z).
Proof.
  intros z_in f_tends.
  assert (X : forall y, In y V ->
      tends_plus (fun alpha => exp (f alpha y)) (exp (lim y))).
  { intros y y_in. apply (tends_compose _ exp); [apply f_tends; exact y_in|].
    apply derivable_continuous_pt, derivable_pt_exp. }
  apply tends_div; [|apply X;
      exact z_in|apply (tends_sum (fun alpha y => exp (f alpha y))); exact X].
  apply Rgt_not_eq, sum_pos; [|intros; apply exp_pos]. intros E.
  rewrite E in z_in. exact z_in.
Qed.

Lemma softmax_limit_minus {A} (V : list A) (f : R -> A -> R) (lim : A -> R) z :
  In z V ->
  (forall y, In y V -> tends_minus (fun alpha => f alpha y) (lim y)) ->
  tends_minus (fun alpha => softmax V (f alpha) z) (softmax V lim z).
Proof.
  intros z_in f_tends.
  apply tends_mirror, (softmax_limit V (fun alpha => f (- alpha)));
    [exact z_in|].
  intros y y_in. apply (tends_mirror (fun alpha => f alpha y)), f_tends, y_in.
Qed.

Section Proposition.
Variables (n d : nat) (layers : list sublayer) (X v : stream) (eps : R)
  (gain bias U : nat -> R) (t : nat).
Hypothesis layers_pre_norm : pre_norm n d layers.
Hypothesis t_lt_n : (t < n)%nat.

Notation output := (fun alpha => network layers (steered_stream X v alpha) t).

Lemma output_ray :
  exists r rho, (forall alpha i, (i < d)%nat -> Rabs (r alpha i) <= rho) /\
  forall alpha i, output alpha i = ray (v t) r alpha i.
Proof.
  destruct (unsteered_bounded n d layers layers_pre_norm X v t t_lt_n)
    as [rho part_bounded].
  exists (unsteered_part layers X v t), rho. split; [exact part_bounded|].
  intros alpha i. rewrite steered_network. unfold ray, unsteered_part. ring.
Qed.

(* The mirror image is a ray along -v. *)
Lemma mirror_ray :
  exists r rho, (forall alpha i, (i < d)%nat -> Rabs (r alpha i) <= rho) /\
  forall alpha i, output (- alpha) i = ray (fun k => - v t k) r alpha i.
Proof.
  destruct output_ray as [r [rho [r_bounded E]]].
  exists (fun alpha => r (- alpha)), rho.
  split; [intros; apply r_bounded; assumption|]. intros alpha i. rewrite E.
  unfold ray. ring.
Qed.

Lemma rms_plus : (exists i, (i < d)%nat /\ v t i <> 0) ->
  tends_plus (fun alpha => dot d U (rms_norm d eps gain (output alpha)))
    (dot d U (rms_norm d 0 gain (v t))).
Proof.
  destruct output_ray as [r [rho [r_bounded E]]].
  apply (rms_head _ _ _ _ _ _ r rho r_bounded E).
Qed.

Lemma rms_minus : (exists i, (i < d)%nat /\ v t i <> 0) ->
  tends_minus (fun alpha => dot d U (rms_norm d eps gain (output alpha)))
    (- dot d U (rms_norm d 0 gain (v t))).
Proof.
  intros [i [i_lt_d Vi]].
  replace (- dot d U (rms_norm d 0 gain (v t)))
    with (dot d U (rms_norm d 0 gain (fun k => - v t k))).
  2: { unfold dot. rewrite <- sum_opp. apply sum_ext. intros k _.
       rewrite rms_norm_odd. ring. }
  apply tends_mirror. destruct mirror_ray as [r [rho [r_bounded E]]].
  apply (rms_head _ _ _ _ _ (fun alpha => output (- alpha)) r rho r_bounded E).
  exists i. split; [exact i_lt_d|lra].
Qed.

Lemma layer_plus : (exists i, (i < d)%nat /\ centred d (v t) i <> 0) ->
  tends_plus (fun alpha => dot d U (layer_norm d eps gain bias (output alpha)))
             (dot d U (layer_norm d 0 gain bias (v t))).
Proof.
  destruct output_ray as [r [rho [r_bounded E]]].
  apply (layer_head _ _ _ _ _ _ _ r rho r_bounded E).
Qed.

Lemma layer_minus : (exists i, (i < d)%nat /\ centred d (v t) i <> 0) ->
  tends_minus (fun alpha => dot d U (layer_norm d eps gain bias (output alpha)))
              (dot d U (layer_norm d 0 gain bias (fun k => - v t k))).
Proof.
  intros [i [i_lt_d Vi]]. apply tends_mirror.
  destruct mirror_ray as [r [rho [r_bounded E]]].
  apply (layer_head _ _ _ _ _ _
      (fun alpha => output (- alpha)) r rho r_bounded E).
  exists i. split; [exact i_lt_d|]. rewrite centred_odd. lra.
Qed.
End Proposition.

(* So every next-token probability has a limit at each end. *)
Section Plateau.
Variables (n d : nat) (layers : list sublayer) (X v : stream) (eps : R)
  (gain bias : nat -> R) (t : nat).
Hypothesis layers_pre_norm : pre_norm n d layers.
Hypothesis t_lt_n : (t < n)%nat.

Lemma rms_plateau :
  forall (A : Type) (V : list A) (unembedding : A -> nat -> R) z, In z V ->
  (exists i, (i < d)%nat /\ v t i <> 0) ->
  let next alpha := softmax V (fun y => dot d (unembedding y)
    (rms_norm d eps gain (network layers (steered_stream X v alpha) t))) z in
  tends_plus next
    (softmax V (fun y => dot d (unembedding y) (rms_norm d 0 gain (v t))) z) /\
  tends_minus next
    (softmax V (fun y => - dot d (unembedding y) (rms_norm d 0 gain (v t))) z).
Proof.
  intros A V E z z_in v_nonzero next.
  set (f := fun alpha y => dot d (E y)
      (rms_norm d eps gain (network layers (steered_stream X v alpha) t))).
  split; [apply (softmax_limit V f)|apply (softmax_limit_minus V f)];
    try exact z_in; intros y _.
  - exact (rms_plus n d layers X v eps gain
        (E y) t layers_pre_norm t_lt_n v_nonzero).
  - exact (rms_minus n d layers X v eps gain
        (E y) t layers_pre_norm t_lt_n v_nonzero).
Qed.

Lemma layer_plateau :
  forall (A : Type) (V : list A) (unembedding : A -> nat -> R) z, In z V ->
  (exists i, (i < d)%nat /\ centred d (v t) i <> 0) ->
  let next alpha := softmax V (fun y => dot d (unembedding y)
    (layer_norm d eps gain bias
      (network layers (steered_stream X v alpha) t))) z in
  tends_plus next (softmax V (fun y =>
      dot d (unembedding y) (layer_norm d 0 gain bias (v t))) z) /\
  tends_minus next (softmax V (fun y =>
      dot d (unembedding y) (layer_norm d 0 gain bias (fun k => - v t k))) z).
Proof.
  intros A V E z z_in centred_nonzero next.
  set (f := fun alpha y => dot d (E y) (layer_norm d eps gain bias
      (network layers (steered_stream X v alpha) t))).
  split; [apply (softmax_limit V f)|apply (softmax_limit_minus V f)];
    try exact z_in; intros y _.
  - exact (layer_plus n d layers X v eps gain bias
        (E y) t layers_pre_norm t_lt_n centred_nonzero).
  - exact (layer_minus n d layers X v eps gain bias
        (E y) t layers_pre_norm t_lt_n centred_nonzero).
Qed.
End Plateau.

(* ---- The plateau of the cross-entropy ---- *)

Section CrossEntropy.
Context {A J : Type}.
Variables (V : list A) (js : list J) (w : J -> R) (p : J -> A -> R)
  (f : R -> J -> A -> R) (lim : A -> R).

Lemma softmax_positive (g : A -> R) z : In z V -> 0 < softmax V g z.
Proof.
  intros z_in. apply Rdiv_lt_0_compat; [apply exp_pos|].
  apply sum_pos; [|intros; apply exp_pos].
  intros E. rewrite E in z_in. exact z_in.
Qed.

(* No probability of the limit is 0, so its logarithm is finite. *)
Lemma cross_entropy_limit :
  (forall j y, In j js -> In y V -> tends_plus (fun a => f a j y) (lim y)) ->
  tends_plus (fun a => cross_entropy V js w p (fun j => softmax V (f a j)))
    (cross_entropy V js w p (fun _ => softmax V lim)).
Proof.
  intros f_tends. unfold cross_entropy.
  apply (tends_ext (fun a => -1 * sum (fun j =>
      w j * sum (fun z => p j z * ln (softmax V (f a j) z)) V) js));
    [intros; ring|].
  rewrite <- (Rmult_1_l (sum _ js)), Ropp_mult_distr_l. apply tends_scal.
  apply (tends_sum (fun a j =>
      w j * sum (fun z => p j z * ln (softmax V (f a j) z)) V)).
  intros j j_in. apply tends_scal.
  apply (tends_sum (fun a z => p j z * ln (softmax V (f a j) z))).
  intros z z_in. apply tends_scal. apply (tends_compose _ ln).
  - apply (softmax_limit V (fun a => f a j)); [exact z_in|].
    intros y y_in. apply f_tends; assumption.
  - apply derivable_continuous_pt. exists (/ softmax V lim z).
    apply derivable_pt_lim_ln, softmax_positive, z_in.
Qed.
End CrossEntropy.

(* The limit does not depend on the context: only the last row of v enters. *)
Section LossPlateau.
Variables (n d : nat) (layers : list sublayer) (eps : R) (gain bias : nat -> R).
Context {A J : Type}.
Variables (V : list A) (js : list J) (w : J -> R) (p : J -> A -> R)
  (unembedding : A -> nat -> R) (X v : J -> stream) (t : J -> nat)
  (u : nat -> R).
Hypothesis layers_pre_norm : pre_norm n d layers.
Hypothesis t_lt_n : forall j, In j js -> (t j < n)%nat.
Hypothesis same_vector : forall j, In j js -> v j (t j) = u.

Notation loss q := (cross_entropy V js w p q).
Notation rms_law x :=
  (softmax V (fun y => dot d (unembedding y) (rms_norm d eps gain x))).
Notation rms_limit x :=
  (softmax V (fun y => dot d (unembedding y) (rms_norm d 0 gain x))).
Notation layer_law x :=
  (softmax V (fun y => dot d (unembedding y) (layer_norm d eps gain bias x))).
Notation layer_limit x :=
  (softmax V (fun y => dot d (unembedding y) (layer_norm d 0 gain bias x))).
Notation output j a :=
  (network layers (steered_stream (X j) (v j) a) (t j)).

Lemma opposite_rms_limit y :
  dot d (unembedding y) (rms_norm d 0 gain (fun k => - u k)) =
    - dot d (unembedding y) (rms_norm d 0 gain u).
Proof.
  unfold dot. rewrite <- sum_opp. apply sum_ext. intros k _.
  rewrite rms_norm_odd. ring.
Qed.

Lemma rms_loss_plateau : (exists i, (i < d)%nat /\ u i <> 0) ->
  let increase a := loss (fun j => rms_law (output j a))
    - loss (fun j => rms_law (network layers (X j) (t j))) in
  tends_plus increase (loss (fun _ => rms_limit u)
    - loss (fun j => rms_law (network layers (X j) (t j)))) /\
  tends_minus increase (loss (fun _ => rms_limit (fun k => - u k))
    - loss (fun j => rms_law (network layers (X j) (t j)))).
Proof.
  intros u_nonzero increase.
  split; [|apply tends_mirror]; apply tends_minus_const.
  - apply (cross_entropy_limit V js w p (fun a j y =>
        dot d (unembedding y) (rms_norm d eps gain (output j a)))).
    intros j y j_in _. rewrite <- (same_vector j j_in) in *.
    apply rms_plus with (n := n);
      [exact layers_pre_norm|apply t_lt_n; exact j_in|exact u_nonzero].
  - apply (cross_entropy_limit V js w p (fun a j y =>
        dot d (unembedding y) (rms_norm d eps gain (output j (- a))))).
    intros j y j_in _. rewrite opposite_rms_limit.
    rewrite <- (same_vector j j_in) in *.
    apply (tends_mirror (fun a =>
        dot d (unembedding y) (rms_norm d eps gain (output j a)))).
    apply rms_minus with (n := n);
      [exact layers_pre_norm|apply t_lt_n; exact j_in|exact u_nonzero].
Qed.

Lemma layer_loss_plateau : (exists i, (i < d)%nat /\ centred d u i <> 0) ->
  let increase a := loss (fun j => layer_law (output j a))
    - loss (fun j => layer_law (network layers (X j) (t j))) in
  tends_plus increase (loss (fun _ => layer_limit u)
    - loss (fun j => layer_law (network layers (X j) (t j)))) /\
  tends_minus increase (loss (fun _ => layer_limit (fun k => - u k))
    - loss (fun j => layer_law (network layers (X j) (t j)))).
Proof.
  intros u_nonconstant increase.
  split; [|apply tends_mirror]; apply tends_minus_const.
  - apply (cross_entropy_limit V js w p (fun a j y =>
        dot d (unembedding y) (layer_norm d eps gain bias (output j a)))).
    intros j y j_in _. rewrite <- (same_vector j j_in) in *.
    apply layer_plus with (n := n);
      [exact layers_pre_norm|apply t_lt_n; exact j_in|exact u_nonconstant].
  - apply (cross_entropy_limit V js w p (fun a j y =>
        dot d (unembedding y) (layer_norm d eps gain bias (output j (- a))))).
    intros j y j_in _. rewrite <- (same_vector j j_in) in *.
    apply (tends_mirror (fun a =>
        dot d (unembedding y) (layer_norm d eps gain bias (output j a)))).
    apply layer_minus with (n := n);
      [exact layers_pre_norm|apply t_lt_n; exact j_in|exact u_nonconstant].
Qed.
End LossPlateau.
