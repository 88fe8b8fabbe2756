(* How fast Proposition 4.1 sets in: O(1/alpha), with constants. *)
From Coq Require Import Reals List Arith Lra Lia.
From Steering Require Import Definitions Sum Calculus Infinity Bump Transformer.
Open Scope R_scope.

Section Euclid.
Variable d : nat.
Implicit Types x y : nat -> R.

Lemma dot_sym x y : dot d x y = dot d y x.
Proof. apply sum_ext; intros; ring. Qed.

Lemma dot_nonneg x : 0 <= dot d x x.
Proof. apply sum_nonneg; intros; nra. Qed.

Lemma dot_combine s x t y :
  dot d (fun i => s * x i + t * y i) (fun i => s * x i + t * y i)
  = s ^ 2 * dot d x x + 2 * s * t * dot d x y + t ^ 2 * dot d y y.
Proof.
  unfold dot. rewrite <- !sum_scal, <- !sum_plus. apply sum_ext; intros; ring.
Qed.

Notation norm := (euclidean d).

Lemma norm_nonneg x : 0 <= norm x. Proof. apply sqrt_pos. Qed.
Lemma norm_square x : norm x * norm x = dot d x x.
Proof. apply sqrt_sqrt, dot_nonneg. Qed.

Lemma dot_zero x y : dot d y y = 0 -> dot d x y = 0.
Proof.
  intros E. apply sum_zero. intros i i_in.
  assert (y i * y i <= 0).
  { rewrite <- E.
    apply (term_le_sum (fun i => y i * y i)); [intros; nra|exact i_in]. }
  assert (y i = 0) as -> by nra. ring.
Qed.

(* Cauchy-Schwarz: |S x - (x.y) y|^2 >= 0 with S = y.y. *)
Lemma cauchy_schwarz x y : Rabs (dot d x y) <= norm x * norm y.
Proof.
  assert (Q : dot d x y ^ 2 <= dot d x x * dot d y y).
  { destruct (dot_nonneg y) as [S|S].
    - pose proof (dot_nonneg (fun i => dot d y y * x i + - dot d x y * y i))
        as P. rewrite dot_combine in P.
      apply (Rmult_le_reg_l (dot d y y)); [exact S|]. lra.
    - rewrite (dot_zero x y (eq_sym S)), <- S. lra. }
  unfold euclidean. rewrite <- sqrt_mult_alt by apply dot_nonneg.
  rewrite <- sqrt_Rsqr_abs. apply sqrt_le_1_alt. unfold Rsqr. lra.
Qed.

Lemma coordinate_le x i : (i < d)%nat -> Rabs (x i) <= norm x.
Proof.
  intros i_lt_d. rewrite <- sqrt_Rsqr_abs. apply sqrt_le_1_alt. unfold Rsqr.
  apply (term_le_sum (fun i => x i * x i));
    [intros; nra|apply in_row; exact i_lt_d].
Qed.

Lemma norm_scal s x : 0 <= s -> norm (fun i => s * x i) = s * norm x.
Proof.
  intros s_nonneg. unfold euclidean.
  apply eq_trans with (sqrt (s ^ 2) * sqrt (dot d x x));
    [|rewrite sqrt_pow2 by exact s_nonneg; reflexivity].
  rewrite <- sqrt_mult_alt by apply pow2_ge_0.
  f_equal. unfold dot. rewrite <- sum_scal. apply sum_ext; intros; ring.
Qed.

(* Dunkl-Williams: unit vectors differ by at most 2|x - y| / (|x| + |y|). *)
Lemma unit_difference x y : 0 < norm x -> 0 < norm y ->
  norm (fun k => x k / norm x - y k / norm y) <=
    2 * norm (fun k => x k - y k) / (norm x + norm y).
Proof.
  intros norm_x_positive norm_y_positive. set (r := fun k => x k - y k).
  assert (R2 :
      norm r * norm r = norm x * norm x - 2 * dot d x y + norm y * norm y).
  { rewrite !norm_square.
    replace (dot d r r)
      with (dot d (fun k => 1 * x k + -1 * y k) (fun k => 1 * x k + -1 * y k)).
    - rewrite dot_combine. ring.
    - apply sum_ext; intros; unfold r; ring. }
  set (u := fun k => x k / norm x - y k / norm y).
  assert (U2 : norm u * norm u = 2 - 2 * dot d x y / (norm x * norm y)).
  { rewrite norm_square.
    replace (dot d u u) with (dot d (fun k => / norm x * x k + - / norm y * y k)
        (fun k => / norm x * x k + - / norm y * y k)).
    - rewrite dot_combine, <- !norm_square. field. lra.
    - apply sum_ext; intros; unfold u; field; lra. }
  apply (Rmult_le_reg_r (norm x + norm y)); [lra|].
  replace (2 * norm r / (norm x + norm y) * (norm x + norm y)) with (2 * norm r)
    by (field; lra).
  apply Rsqr_incr_0; [|apply Rmult_le_pos;
      [apply norm_nonneg|lra]|pose proof (norm_nonneg r); lra]. unfold Rsqr.
  replace (norm u * (norm x + norm y) * (norm u * (norm x + norm y)))
    with (norm u * norm u * (norm x + norm y) ^ 2) by ring.
  replace (2 * norm r * (2 * norm r)) with (4 * (norm r * norm r)) by ring.
  rewrite U2, R2. set (c := dot d x y / (norm x * norm y)).
  assert (Ec : dot d x y = c * (norm x * norm y)) by (unfold c; field; lra).
  replace (2 - 2 * dot d x y / (norm x * norm y)) with (2 - 2 * c)
    by (unfold c; field; lra). rewrite Ec.
  assert (c_ge : -1 <= c).
  { pose proof (cauchy_schwarz x y) as CS. apply abs_bounds in CS.
    rewrite Ec in CS.
    assert (0 < norm x * norm y) by (apply Rmult_lt_0_compat; assumption).
    nra. }
  assert (0 <= 2 * (norm x - norm y) ^ 2 * (1 + c)).
  { apply Rmult_le_pos; [|lra]. apply Rmult_le_pos; [lra|apply pow2_ge_0]. }
  lra.
Qed.

Lemma norm_triangle x y : norm y - norm (fun k => x k - y k) <= norm x.
Proof.
  set (r := fun k => x k - y k). pose proof (norm_nonneg x).
  pose proof (norm_nonneg r).
  destruct (Rle_lt_dec (norm y) (norm x + norm r)) as [L|L]; [lra|exfalso].
  assert (Y2 :
      norm y * norm y = norm x * norm x - 2 * dot d x r + norm r * norm r).
  { rewrite !norm_square.
    replace (dot d y y)
      with (dot d (fun k => 1 * x k + -1 * r k) (fun k => 1 * x k + -1 * r k)).
    - rewrite dot_combine. ring.
    - apply sum_ext; intros; unfold r; ring. }
  pose proof (cauchy_schwarz x r) as CS. apply abs_bounds in CS. nra.
Qed.

Hypothesis d_positive : (0 < d)%nat.

Lemma norm_add x y : norm (fun k => x k + y k) <= norm x + norm y.
Proof.
  pose proof (norm_triangle x (fun k => x k + y k)) as Q.
  assert (G : norm (fun k => x k - (x k + y k)) = norm y).
  { unfold euclidean. f_equal. apply sum_ext; intros; ring. }
  cbv beta in Q. rewrite G in Q. lra.
Qed.

(* A gain bounded by g stretches by at most g. *)
Lemma norm_gain (gain : nat -> R) g x : 0 <= g ->
  (forall k, (k < d)%nat -> Rabs (gain k) <= g) ->
  norm (fun k => gain k * x k) <= g * norm x.
Proof.
  intros g_nonneg gain_bounded. rewrite <- norm_scal by exact g_nonneg.
  unfold euclidean. apply sqrt_le_1_alt. apply sum_le. intros k k_in.
  apply in_row in k_in. specialize (gain_bounded k k_in).
  apply abs_bounds in gain_bounded. assert (gain k ^ 2 <= g ^ 2) by nra.
  assert (0 <= x k ^ 2) by apply pow2_ge_0.
  replace (gain k * x k * (gain k * x k)) with (gain k ^ 2 * x k ^ 2) by ring.
  replace (g * x k * (g * x k)) with (g ^ 2 * x k ^ 2) by ring.
  apply Rmult_le_compat_r; assumption.
Qed.

(* RMSNorm is sqrt d x / sqrt(|x|^2 + d eps). *)
Lemma rms_norm_euclid eps gain x i : 0 <= eps -> 0 < norm x ->
  rms_norm d eps gain x i =
    gain i * (sqrt (INR d) * (x i / sqrt (norm x ^ 2 + INR d * eps))).
Proof.
  intros eps_nonneg norm_x_positive. unfold rms_norm, rms, row_average, average.
  rewrite row_length.
  assert (D : 0 < INR d) by (apply lt_0_INR; exact d_positive).
  replace (sum (fun k => x k ^ 2) (seq 0 d)) with (norm x ^ 2).
  2: { replace (norm x ^ 2) with (norm x * norm x) by ring. rewrite norm_square.
       apply sum_ext; intros; ring. }
  replace (norm x ^ 2 / INR d + eps) with ((norm x ^ 2 + INR d * eps) / INR d)
    by (field; lra).
  assert (P : 0 < norm x ^ 2 + INR d * eps).
  { assert (0 < norm x ^ 2) by (apply pow_lt; exact norm_x_positive).
    assert (0 <= INR d * eps) by (apply Rmult_le_pos; lra). lra. }
  rewrite sqrt_div_alt by exact D.
  assert (0 < sqrt (INR d)) by (apply sqrt_lt_R0; exact D).
  assert (0 < sqrt (norm x ^ 2 + INR d * eps)) by (apply sqrt_lt_R0; exact P).
  field. lra.
Qed.

(* eps moves a unit vector by at most d eps / (2 |x|^2). *)
Lemma eps_shift x eps : 0 <= eps -> 0 < norm x ->
  norm (fun k => x k / sqrt (norm x ^ 2 + INR d * eps) - x k / norm x) <=
    INR d * eps / (2 * norm x ^ 2).
Proof.
  intros eps_nonneg norm_x_positive. set (n := norm x) in *.
  set (s := sqrt (n ^ 2 + INR d * eps)).
  assert (De : 0 <= INR d * eps)
    by (apply Rmult_le_pos; [apply pos_INR|exact eps_nonneg]).
  assert (N2 : 0 < n ^ 2) by (apply pow_lt; exact norm_x_positive).
  assert (S2 : s * s = n ^ 2 + INR d * eps) by (apply sqrt_sqrt; lra).
  assert (n_le_s : n <= s).
  { unfold s. rewrite <- (sqrt_pow2 n) at 1 by lra. apply sqrt_le_1_alt. lra. }
  set (c := (s - n) / s / n).
  assert (c_nonneg : 0 <= c).
  { apply Rmult_le_pos; [apply Rmult_le_pos; [lra|left; apply Rinv_0_lt_compat;
        lra]|left; apply Rinv_0_lt_compat; lra]. }
  replace (norm (fun k => x k / s - x k / n)) with (c * n).
  2: { change (c * n) with (c * norm x). rewrite <- norm_scal by exact c_nonneg.
       unfold euclidean. f_equal. apply sum_ext. intros k _.
       replace (x k / s - x k / n) with (- (c * x k)) by (unfold c; field; lra).
       ring. }
  apply (Rmult_le_reg_r (s * (2 * n ^ 2))); [apply Rmult_lt_0_compat; lra|].
  replace (c * n * (s * (2 * n ^ 2))) with ((s - n) * (2 * n ^ 2))
    by (unfold c; field; lra).
  replace (INR d * eps / (2 * n ^ 2) * (s * (2 * n ^ 2))) with (INR d * eps * s)
    by (field; lra). replace (INR d * eps) with ((s - n) * (s + n)) by lra.
  assert (0 <= (s - n) * ((s + n) * s - 2 * n ^ 2)); [|lra].
  apply Rmult_le_pos; [lra|]. nra.
Qed.

Lemma rms_rate eps gain g v r rho alpha : 0 <= eps -> 0 < alpha -> 0 <= g ->
  (forall k, (k < d)%nat -> Rabs (gain k) <= g) -> norm r <= rho ->
  rho < alpha * norm v ->
  norm (fun i => rms_norm d eps gain (fun k => alpha * v k + r k) i
    - rms_norm d 0 gain v i) <=
  sqrt (INR d) * g * (2 * rho / (2 * alpha * norm v - rho)
    + INR d * eps / (2 * (alpha * norm v - rho) ^ 2)).
Proof.
  intros eps_nonneg alpha_positive g_nonneg gain_bounded r_bounded fast.
  set (x := fun k => alpha * v k + r k). set (y := fun k => alpha * v k).
  pose proof (norm_nonneg r) as R0. pose proof (norm_nonneg v) as V0.
  assert (Vp : 0 < norm v)
    by (destruct V0 as [L|L]; [exact L|rewrite <- L in fast; lra]).
  assert (Ny : norm y = alpha * norm v) by (apply norm_scal; lra).
  assert (Yp : 0 < norm y) by (rewrite Ny; apply Rmult_lt_0_compat; assumption).
  assert (Nr : norm (fun k => x k - y k) = norm r).
  { unfold euclidean. f_equal. apply sum_ext; intros; unfold x, y; ring. }
  pose proof (norm_triangle x y) as Tr. rewrite Nr, Ny in Tr.
  assert (Xp : 0 < norm x) by lra.
  set (s := sqrt (norm x ^ 2 + INR d * eps)).
  set (e := fun k => (x k / norm x - y k / norm y) + (x k / s - x k / norm x)).
  apply Rle_trans with (norm (fun k => gain k * (sqrt (INR d) * e k))).
  { right. unfold euclidean. f_equal. apply sum_ext. intros i _.
    rewrite !rms_norm_euclid by lra. fold s.
    rewrite Rmult_0_r, Rplus_0_r, (sqrt_pow2 (norm v)) by lra.
    replace (v i / norm v) with (y i / norm y)
      by (rewrite Ny; unfold y; field; lra). unfold e. ring. }
  eapply Rle_trans; [apply norm_gain with (g := g); assumption|].
  rewrite norm_scal by apply sqrt_pos. rewrite <- Rmult_assoc, (Rmult_comm g).
  apply Rmult_le_compat_l;
    [apply Rmult_le_pos; [apply sqrt_pos|exact g_nonneg]|].
  eapply Rle_trans; [apply norm_add|]. apply Rplus_le_compat.
  - eapply Rle_trans; [apply unit_difference; assumption|]. rewrite Nr, Ny.
    apply Rmult_le_compat; [lra|left; apply Rinv_0_lt_compat; lra|lra|].
    apply Rinv_le_contravar; lra.
  - eapply Rle_trans; [apply eps_shift; assumption|].
    assert (De : 0 <= INR d * eps)
      by (apply Rmult_le_pos; [apply pos_INR|exact eps_nonneg]).
    apply Rmult_le_compat_l; [exact De|]. apply Rinv_le_contravar.
    + assert (0 < (alpha * norm v - rho) ^ 2) by (apply pow_lt; lra). lra.
    + apply Rmult_le_compat_l; [lra|]. apply pow_incr. lra.
Qed.
End Euclid.

(* ---- Along a ray u with rest r, for whatever output equals that ray ---- *)

Lemma euclidean_ext d x y : (forall i, x i = y i) ->
  euclidean d x = euclidean d y.
Proof.
  intros E. unfold euclidean. f_equal. apply sum_ext. intros i _.
  rewrite E. reflexivity.
Qed.

Lemma euclidean_odd d x : euclidean d (fun k => - x k) = euclidean d x.
Proof. unfold euclidean. f_equal. apply sum_ext; intros; ring. Qed.

Lemma euclidean_empty x : euclidean 0 x = 0.
Proof. apply sqrt_0. Qed.

Lemma euclidean_le d x b : (forall i, (i < d)%nat -> Rabs (x i) <= b) ->
  euclidean d x <= sqrt (INR d) * b.
Proof.
  intros x_bounded. destruct d as [|k].
  - rewrite euclidean_empty. simpl. rewrite sqrt_0. lra.
  - assert (b_nonneg : 0 <= b)
      by (eapply Rle_trans; [apply Rabs_pos|apply (x_bounded 0%nat); lia]).
    unfold euclidean. rewrite <- (sqrt_pow2 b) by exact b_nonneg.
    rewrite <- sqrt_mult_alt by apply pos_INR.
    apply sqrt_le_1_alt. rewrite <- row_length, <- sum_const. apply sum_le.
    intros i i_in. apply in_row in i_in.
    specialize (x_bounded i i_in). apply abs_bounds in x_bounded. nra.
Qed.

Lemma ray_rate d eps g gain u (output r : R -> nat -> R) rho alpha :
  (forall k, (k < d)%nat -> Rabs (gain k) <= g) -> 0 <= eps ->
  (forall a k, output a k = ray u r a k) -> euclidean d (r alpha) <= rho ->
  0 < alpha -> rho < alpha * euclidean d u ->
  euclidean d (fun i =>
    rms_norm d eps gain (output alpha) i - rms_norm d 0 gain u i) <=
  g * norm_rate d eps rho (alpha * euclidean d u).
Proof.
  intros gain_bounded eps_nonneg output_is_ray r_bounded alpha_positive fast.
  destruct d as [|k].
  { rewrite euclidean_empty in *. lra. }
  set (d := S k) in *. assert (d_positive : (0 < d)%nat) by (unfold d; lia).
  assert (g_nonneg : 0 <= g)
    by (eapply Rle_trans; [apply Rabs_pos|apply (gain_bounded 0%nat); lia]).
  rewrite (euclidean_ext d _ (fun i => rms_norm d eps gain
      (fun k => alpha * u k + r alpha k) i - rms_norm d 0 gain u i)).
  2: { intros i. f_equal. apply rms_norm_ext. apply output_is_ray. }
  eapply Rle_trans; [apply (rms_rate d d_positive eps gain g u (r alpha) rho);
    assumption|].
  right. unfold norm_rate. rewrite <- !Rmult_assoc.
  rewrite (Rmult_comm g). reflexivity.
Qed.

(* Cauchy-Schwarz: one logit moves by at most |U| times the normed row. *)
Lemma logit_difference d U x y b : euclidean d (fun i => x i - y i) <= b ->
  Rabs (dot d U x - dot d U y) <= euclidean d U * b.
Proof.
  intros near.
  replace (dot d U x - dot d U y) with (dot d U (fun i => x i - y i)).
  - eapply Rle_trans; [apply cauchy_schwarz|].
    apply Rmult_le_compat_l; [apply norm_nonneg|exact near].
  - unfold dot. rewrite <- sum_minus. apply sum_ext; intros; ring.
Qed.

(* The gain of a norm may be moved into the row of the unembedding. *)
Lemma gain_in_row d eps gain U x :
  dot d U (rms_norm d eps gain x) =
    dot d (fun i => gain i * U i) (rms_norm d eps (fun _ => 1) x).
Proof. apply sum_ext. intros i _. unfold rms_norm. ring. Qed.

Lemma row_with_gain d (gain U : nat -> R) g :
  (forall k, (k < d)%nat -> Rabs (gain k) <= g) ->
  euclidean d (fun i => gain i * U i) <= g * euclidean d U.
Proof.
  intros gain_bounded. destruct d as [|k].
  - rewrite !euclidean_empty. lra.
  - apply norm_gain; [|exact gain_bounded].
    eapply Rle_trans; [apply Rabs_pos|apply (gain_bounded 0%nat); lia].
Qed.

(* ---- For the whole network: rho bounds |h + R(alpha)| for every alpha ---- *)

Section Network.
Variables (d : nat) (layers : list sublayer) (X v : stream) (t : nat)
  (rho alpha eps : R) (gain bias U : nat -> R).
Hypothesis eps_nonneg : 0 <= eps.
Hypothesis alpha_positive : 0 < alpha.

Notation output a := (network layers (steered_stream X v a) t).
Notation part := (unsteered_part layers X v t).
Notation u := (v t).
Notation opposite := (fun k => - v t k).
Notation gained_row := (fun i => gain i * U i).

Lemma output_is_ray a k : output a k = ray u part a k.
Proof. rewrite steered_network. unfold ray, unsteered_part. ring. Qed.

Lemma mirror_is_ray a k :
  output (- a) k = ray opposite (fun a => part (- a)) a k.
Proof. rewrite output_is_ray. unfold ray. ring. Qed.

Section RMSNorm.
Hypothesis part_bounded : forall a, euclidean d (part a) <= rho.
Hypothesis fast : rho < alpha * euclidean d u.

Lemma network_rate g : (forall k, (k < d)%nat -> Rabs (gain k) <= g) ->
  euclidean d (fun i => rms_norm d eps gain (output alpha) i
    - rms_norm d 0 gain u i)
    <= g * norm_rate d eps rho (alpha * euclidean d u) /\
  euclidean d (fun i => rms_norm d eps gain (output (- alpha)) i
    - rms_norm d 0 gain opposite i)
    <= g * norm_rate d eps rho (alpha * euclidean d u).
Proof.
  intros gain_bounded. split.
  - apply ray_rate with (output := fun a => output a) (r := part);
      try assumption; [exact output_is_ray|apply part_bounded].
  - rewrite <- (euclidean_odd d u) in *.
    apply ray_rate with (output := fun a => output (- a))
      (r := fun a => part (- a));
      try assumption; [exact mirror_is_ray|apply part_bounded].
Qed.
End RMSNorm.

Section LayerNorm.
Hypothesis part_bounded : forall a, euclidean d (centred d (part a)) <= rho.
Hypothesis fast : rho < alpha * euclidean d (centred d u).

Lemma layer_difference x y :
  euclidean d
    (fun i => layer_norm d eps gain bias x i - layer_norm d 0 gain bias y i) =
  euclidean d (fun i => rms_norm d eps gain (centred d x) i
    - rms_norm d 0 gain (centred d y) i).
Proof. apply euclidean_ext. intros i. unfold layer_norm. ring. Qed.

(* RMSNorm of the centred stream; the bias cancels. *)
Lemma network_rate_layer g : (forall k, (k < d)%nat -> Rabs (gain k) <= g) ->
  euclidean d (fun i => layer_norm d eps gain bias (output alpha) i
    - layer_norm d 0 gain bias u i)
    <= g * norm_rate d eps rho (alpha * euclidean d (centred d u)) /\
  euclidean d (fun i => layer_norm d eps gain bias (output (- alpha)) i
    - layer_norm d 0 gain bias opposite i)
    <= g * norm_rate d eps rho (alpha * euclidean d (centred d u)).
Proof.
  intros gain_bounded. rewrite !layer_difference. split.
  - apply ray_rate with (output := fun a => centred d (output a))
      (r := fun a => centred d (part a)); try assumption;
      [|apply part_bounded].
    apply (centred_ray d u (fun a => output a) part), output_is_ray.
  - assert (E : euclidean d (centred d opposite) = euclidean d (centred d u)).
    { rewrite <- (euclidean_odd d (centred d u)). apply euclidean_ext.
      intros k. apply centred_odd. }
    rewrite <- E in *.
    apply ray_rate with (output := fun a => centred d (output (- a)))
      (r := fun a => centred d (part (- a))); try assumption;
      [|apply part_bounded].
    intros a k. apply (centred_ray d opposite (fun a => output (- a))
      (fun a => part (- a))), mirror_is_ray.
Qed.
End LayerNorm.
End Network.

(* ---- The same for one logit: its row U of the unembedding ---- *)

Section Logit.
Variables (d : nat) (layers : list sublayer) (X v : stream) (t : nat)
  (rho alpha eps g : R) (gain bias U : nat -> R).
Hypothesis gain_bounded : forall k, (k < d)%nat -> Rabs (gain k) <= g.
Hypothesis eps_nonneg : 0 <= eps.
Hypothesis alpha_positive : 0 < alpha.

Notation output a := (network layers (steered_stream X v a) t).
Notation part := (unsteered_part layers X v t).
Notation opposite := (fun k => - v t k).
Notation gained_row := (fun i => gain i * U i).

Lemma unit_gain k : (k < d)%nat -> Rabs ((fun _ => 1) k) <= 1.
Proof. intros _. cbv beta. rewrite Rabs_R1. lra. Qed.

Lemma gained_row_bound rate : 0 <= rate ->
  euclidean d gained_row * rate <= euclidean d U * (g * rate).
Proof.
  intros rate_nonneg.
  rewrite <- Rmult_assoc, (Rmult_comm (euclidean d U)).
  apply Rmult_le_compat_r; [exact rate_nonneg|].
  apply row_with_gain; exact gain_bounded.
Qed.

Lemma rate_nonneg x b : euclidean d x <= 1 * b -> 0 <= b.
Proof. intros L. pose proof (norm_nonneg d x). lra. Qed.

Lemma logit_rate :
  (forall a, euclidean d (part a) <= rho) -> rho < alpha * euclidean d (v t) ->
  let bound := euclidean d gained_row
    * norm_rate d eps rho (alpha * euclidean d (v t)) in
  Rabs (dot d U (rms_norm d eps gain (output alpha))
    - dot d U (rms_norm d 0 gain (v t))) <= bound /\
  Rabs (dot d U (rms_norm d eps gain (output (- alpha)))
    - dot d U (rms_norm d 0 gain opposite)) <= bound /\
  bound
    <= euclidean d U * (g * norm_rate d eps rho (alpha * euclidean d (v t))).
Proof.
  intros part_bounded fast bound.
  destruct (network_rate d layers X v t rho alpha eps (fun _ => 1) eps_nonneg
      alpha_positive part_bounded fast 1 unit_gain) as [plus minus].
  split; [|split].
  - rewrite !(gain_in_row d _ gain). apply logit_difference. lra.
  - rewrite !(gain_in_row d _ gain). apply logit_difference. lra.
  - apply gained_row_bound. exact (rate_nonneg _ _ plus).
Qed.

Lemma layer_logit_difference x y :
  dot d U (layer_norm d eps gain bias x) - dot d U (layer_norm d 0 gain bias y)
  = dot d gained_row (layer_norm d eps (fun _ => 1) (fun _ => 0) x)
    - dot d gained_row (layer_norm d 0 (fun _ => 1) (fun _ => 0) y).
Proof.
  unfold dot. rewrite <- !sum_minus. apply sum_ext. intros i _.
  unfold layer_norm, rms_norm. ring.
Qed.

Lemma layer_logit_rate :
  (forall a, euclidean d (centred d (part a)) <= rho) ->
  rho < alpha * euclidean d (centred d (v t)) ->
  let bound := euclidean d gained_row
    * norm_rate d eps rho (alpha * euclidean d (centred d (v t))) in
  Rabs (dot d U (layer_norm d eps gain bias (output alpha))
    - dot d U (layer_norm d 0 gain bias (v t))) <= bound /\
  Rabs (dot d U (layer_norm d eps gain bias (output (- alpha)))
    - dot d U (layer_norm d 0 gain bias opposite)) <= bound /\
  bound <= euclidean d U
    * (g * norm_rate d eps rho (alpha * euclidean d (centred d (v t)))).
Proof.
  intros part_bounded fast bound.
  destruct (network_rate_layer d layers X v t rho alpha eps (fun _ => 1)
      (fun _ => 0) eps_nonneg alpha_positive part_bounded fast 1 unit_gain)
    as [plus minus].
  split; [|split].
  - rewrite layer_logit_difference. apply logit_difference. lra.
  - rewrite layer_logit_difference. apply logit_difference. lra.
  - apply gained_row_bound. exact (rate_nonneg _ _ plus).
Qed.
End Logit.

(* ---- Such a rho exists: R(alpha) is bounded whatever alpha is ---- *)

Section Rest.
Variables (n d : nat) (layers : list sublayer).
Hypothesis layers_pre_norm : pre_norm n d layers.

Lemma network_remainder :
  exists c, forall X v alpha,
    (forall t i, network layers (steered_stream X v alpha) t i =
      X t i + alpha * v t i + remainder layers X v alpha t i) /\
    row_bounded n d c (remainder layers X v alpha) /\
    (forall t, (t < n)%nat ->
      euclidean d (unsteered_part layers X v t alpha) <=
        euclidean d (X t) + sqrt (INR d) * c).
Proof.
  destruct (increments_bounded n d layers layers_pre_norm) as [c c_bounds].
  exists c. intros X v alpha.
  split; [apply steered_network|split; [apply c_bounds|]].
  intros t t_lt_n. eapply Rle_trans; [apply norm_add|].
  apply Rplus_le_compat_l, euclidean_le.
  intros i i_lt_d. apply c_bounds; assumption.
Qed.

Lemma supremum_exists (f : R -> R) b : (forall a, f a <= b) ->
  exists rho, is_lub (fun y => exists a, y = f a) rho.
Proof.
  intros f_bounded.
  destruct (completeness (fun y => exists a, y = f a)) as [rho rho_lub].
  - exists b. intros y [a ->]. apply f_bounded.
  - exists (f 0), 0. reflexivity.
  - exists rho. exact rho_lub.
Qed.

Lemma rest_supremum X v t : (t < n)%nat ->
  (exists rho, is_lub (fun y => exists alpha,
    y = euclidean d (unsteered_part layers X v t alpha)) rho) /\
  (exists rho, is_lub (fun y => exists alpha,
    y = euclidean d (centred d (unsteered_part layers X v t alpha))) rho).
Proof.
  intros t_lt_n.
  destruct (unsteered_bounded n d layers layers_pre_norm X v t t_lt_n)
    as [b part_bounded].
  split.
  - apply supremum_exists with (b := sqrt (INR d) * b).
    intros alpha. apply euclidean_le. apply part_bounded.
  - apply supremum_exists with (b := sqrt (INR d) * (2 * b)).
    intros alpha. apply euclidean_le. intros i i_lt_d.
    apply (centred_bounded d (unsteered_part layers X v t) b part_bounded).
    exact i_lt_d.
Qed.
End Rest.
