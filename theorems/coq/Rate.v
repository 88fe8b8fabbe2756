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

(* The angle between w and w + r is at most asin (|r| / |w|):
   (w.x)^2 - |x|^2 (|w|^2 - rho^2) >= (w.r + rho^2)^2. *)
Lemma angle w r rho : norm r <= rho -> rho < norm w ->
  norm (fun k => w k + r k) * norm w * sqrt (1 - (rho / norm w) ^ 2) <=
    dot d (fun k => w k + r k) w.
Proof.
  intros r_bounded fast. pose proof (norm_nonneg r) as R0.
  set (a := norm w) in *. set (x := fun k => w k + r k). set (p := dot d r w).
  assert (W2 : dot d w w = a * a) by (symmetry; apply norm_square).
  assert (D : dot d x w = a * a + p).
  { rewrite <- W2. unfold dot, p, dot. rewrite <- sum_plus.
    apply sum_ext; intros; unfold x; ring. }
  assert (X2 : norm x * norm x = a * a + 2 * p + norm r * norm r).
  { rewrite !norm_square, <- W2. unfold p.
    replace (dot d x x)
      with (dot d (fun k => 1 * w k + 1 * r k) (fun k => 1 * w k + 1 * r k)).
    - rewrite dot_combine, (dot_sym r w). ring.
    - apply sum_ext; intros; unfold x; ring. }
  assert (p_ge : - (rho * a) <= p).
  { pose proof (cauchy_schwarz r w) as CS. apply abs_bounds in CS.
    fold p a in CS. nra. }
  assert (root : a * sqrt (1 - (rho / a) ^ 2) = sqrt (a * a - rho * rho)).
  { rewrite <- (sqrt_pow2 a) at 1 by lra.
    rewrite <- sqrt_mult_alt by apply pow2_ge_0. f_equal. field. lra. }
  rewrite Rmult_assoc, root, D.
  apply Rsqr_incr_0; [|apply Rmult_le_pos; [apply norm_nonneg|apply sqrt_pos]
    |nra]. unfold Rsqr.
  assert (root2 : sqrt (a * a - rho * rho) * sqrt (a * a - rho * rho) =
      a * a - rho * rho) by (apply sqrt_sqrt; nra).
  replace (norm x * sqrt (a * a - rho * rho) * (norm x *
      sqrt (a * a - rho * rho))) with (norm x * norm x *
      (sqrt (a * a - rho * rho) * sqrt (a * a - rho * rho))) by ring.
  rewrite root2, X2.
  assert (R2 : norm r * norm r <= rho * rho) by nra.
  assert (0 <= (rho * rho - norm r * norm r) * (a * a - rho * rho))
    by (apply Rmult_le_pos; nra).
  pose proof (Rle_0_sqr (p + rho * rho)) as Q. unfold Rsqr in Q. lra.
Qed.

(* Dividing by sqrt (|x|^2 + K) shortens a long row less. *)
Lemma length_increases K b n : 0 <= K -> 0 < b -> b <= n ->
  b / sqrt (b ^ 2 + K) <= n / sqrt (n ^ 2 + K) <= 1.
Proof.
  intros K_nonneg b_positive b_le_n.
  assert (B : 0 < b ^ 2 + K) by (assert (0 < b ^ 2) by nra; lra).
  assert (N : 0 < n ^ 2 + K) by (assert (0 < n ^ 2) by nra; lra).
  pose proof (sqrt_lt_R0 _ B) as SB. pose proof (sqrt_lt_R0 _ N) as SN.
  assert (SB2 : sqrt (b ^ 2 + K) * sqrt (b ^ 2 + K) = b ^ 2 + K)
    by (apply sqrt_sqrt; lra).
  assert (SN2 : sqrt (n ^ 2 + K) * sqrt (n ^ 2 + K) = n ^ 2 + K)
    by (apply sqrt_sqrt; lra).
  set (sb := sqrt (b ^ 2 + K)) in *. set (sn := sqrt (n ^ 2 + K)) in *. split.
  - apply (Rmult_le_reg_r (sb * sn)); [apply Rmult_lt_0_compat; assumption|].
    replace (b / sb * (sb * sn)) with (b * sn) by (field; lra).
    replace (n / sn * (sb * sn)) with (n * sb) by (field; lra).
    apply Rsqr_incr_0; [|nra|nra]. unfold Rsqr.
    replace (b * sn * (b * sn)) with (b ^ 2 * (sn * sn)) by ring.
    replace (n * sb * (n * sb)) with (n ^ 2 * (sb * sb)) by ring.
    rewrite SB2, SN2. assert (b ^ 2 <= n ^ 2) by (apply pow_incr; lra). nra.
  - apply (Rmult_le_reg_r sn); [exact SN|].
    replace (n / sn * sn) with n by (field; lra). rewrite Rmult_1_l.
    unfold sn. rewrite <- (sqrt_pow2 n) at 1 by lra. apply sqrt_le_1_alt. lra.
Qed.

(* |s x^ - w^|^2 = (1 - s)^2 + 2 s (1 - cos) for unit vectors x^ and w^. *)
Lemma shortened_difference w r rho K : 0 <= K -> norm r <= rho ->
  rho < norm w -> let x := fun k => w k + r k in
  norm (fun k => x k / sqrt (norm x ^ 2 + K) - w k / norm w) <=
    sqrt (2 - 2 * sqrt (1 - (rho / norm w) ^ 2)
      + (1 - (norm w - rho) / sqrt ((norm w - rho) ^ 2 + K)) ^ 2).
Proof.
  intros K_nonneg r_bounded fast x.
  pose proof (angle w r rho r_bounded fast) as A. fold x in A.
  pose proof (norm_nonneg r) as R0. set (a := norm w) in *.
  assert (x_long : a - rho <= norm x).
  { pose proof (norm_triangle x w) as T.
    replace (norm (fun k => x k - w k)) with (norm r) in T.
    - fold a in T. lra.
    - unfold euclidean. f_equal. apply sum_ext; intros; unfold x; ring. }
  destruct (length_increases K (a - rho) (norm x) K_nonneg ltac:(lra) x_long)
    as [s0_le_s s_le_1].
  assert (S : 0 < sqrt (norm x ^ 2 + K)).
  { apply sqrt_lt_R0. assert (0 < norm x ^ 2) by (apply pow_lt; lra). lra. }
  set (root := sqrt (norm x ^ 2 + K)) in *. set (s := norm x / root) in *.
  set (s0 := (a - rho) / sqrt ((a - rho) ^ 2 + K)) in *.
  set (c := sqrt (1 - (rho / a) ^ 2)) in *.
  assert (s_nonneg : 0 <= s) by (left; apply Rdiv_lt_0_compat; lra).
  assert (c_le_1 : c <= 1).
  { unfold c. rewrite <- sqrt_1 at 2. apply sqrt_le_1_alt.
    pose proof (pow2_ge_0 (rho / a)). lra. }
  set (cosine := dot d x w / (norm x * a)).
  assert (c_le_cosine : c <= cosine).
  { apply (Rmult_le_reg_r (norm x * a)); [apply Rmult_lt_0_compat; lra|].
    unfold cosine, Rdiv. rewrite Rmult_assoc, Rinv_l, Rmult_1_r by nra. lra. }
  apply sqrt_le_1_alt.
  replace (dot d (fun k => x k / root - w k / a)
      (fun k => x k / root - w k / a))
    with ((1 - s) ^ 2 + 2 * s * (1 - cosine)).
  2: { replace (dot d (fun k => x k / root - w k / a)
         (fun k => x k / root - w k / a))
       with (dot d (fun k => / root * x k + - / a * w k)
         (fun k => / root * x k + - / a * w k))
       by (apply sum_ext; intros; unfold Rdiv; ring).
       rewrite dot_combine, <- !norm_square. fold a. unfold s, cosine.
       field. lra. }
  assert (0 <= s * (cosine - c)) by (apply Rmult_le_pos; lra).
  assert (0 <= (1 - s) * (1 - c)) by (apply Rmult_le_pos; lra).
  assert (0 <= (s - s0) * (2 - s - s0)) by (apply Rmult_le_pos; lra). lra.
Qed.

Lemma rms_rate eps gain g v r rho alpha : 0 <= eps -> 0 < alpha -> 0 <= g ->
  (forall k, (k < d)%nat -> Rabs (gain k) <= g) -> norm r <= rho ->
  rho < alpha * norm v ->
  norm (fun i => rms_norm d eps gain (fun k => alpha * v k + r k) i
    - rms_norm d 0 gain v i) <=
  g * sharp_rate d eps rho (alpha * norm v).
Proof.
  intros eps_nonneg alpha_positive g_nonneg gain_bounded r_bounded fast.
  set (w := fun k => alpha * v k). set (x := fun k => w k + r k).
  assert (W : norm w = alpha * norm v) by (apply norm_scal; lra).
  pose proof (norm_nonneg r) as R0.
  assert (V : 0 < norm v).
  { destruct (norm_nonneg v) as [V|V]; [exact V|]. rewrite <- V in fast. lra. }
  assert (x_nonzero : 0 < norm x).
  { pose proof (norm_triangle x w) as T.
    replace (norm (fun k => x k - w k)) with (norm r) in T; [lra|].
    unfold euclidean. f_equal. apply sum_ext; intros; unfold x; ring. }
  assert (K : 0 <= INR d * eps)
    by (apply Rmult_le_pos; [apply pos_INR|exact eps_nonneg]).
  set (e := fun k => x k / sqrt (norm x ^ 2 + INR d * eps) - w k / norm w).
  apply Rle_trans with (norm (fun k => gain k * (sqrt (INR d) * e k))).
  { right. unfold euclidean. f_equal. apply sum_ext. intros i _.
    change (fun k => alpha * v k + r k) with x. rewrite !rms_norm_euclid by lra.
    rewrite Rmult_0_r, Rplus_0_r, (sqrt_pow2 (norm v)) by lra.
    replace (v i / norm v) with (w i / norm w)
      by (rewrite W; unfold w; field; lra). unfold e. ring. }
  eapply Rle_trans; [apply norm_gain with (g := g); assumption|].
  apply Rmult_le_compat_l; [exact g_nonneg|].
  rewrite norm_scal by apply sqrt_pos.
  apply Rmult_le_compat_l; [apply sqrt_pos|]. rewrite <- W.
  apply shortened_difference; [exact K|exact r_bounded|lra].
Qed.
End Euclid.

(* ---- The simpler bound ---- *)

Lemma chord_bound t : 0 <= t < 1 ->
  sqrt (2 - 2 * sqrt (1 - t ^ 2)) <= 2 * t / (2 - t).
Proof.
  intros t_between. rewrite <- (sqrt_pow2 (2 * t / (2 - t))).
  2: { apply Rmult_le_pos; [lra|left; apply Rinv_0_lt_compat; lra]. }
  apply sqrt_le_1_alt. set (c := sqrt (1 - t ^ 2)).
  assert (c2 : c * c = 1 - t ^ 2) by (apply sqrt_sqrt; nra).
  assert (c_nonneg : 0 <= c) by apply sqrt_pos.
  assert (c_le_1 : c <= 1) by nra.
  assert (c_ge : 1 - t ^ 2 <= c) by nra.
  apply (Rmult_le_reg_r ((2 - t) ^ 2)); [apply pow_lt; lra|].
  replace ((2 * t / (2 - t)) ^ 2 * (2 - t) ^ 2) with (4 * (1 - c * c))
    by (rewrite c2; field; lra).
  replace (4 * (1 - c * c)) with ((2 - 2 * c) * (2 * (1 + c))) by ring.
  apply Rmult_le_compat_l; [lra|]. nra.
Qed.

Lemma length_bound K b : 0 <= K -> 0 < b ->
  0 <= 1 - b / sqrt (b ^ 2 + K) <= K / (2 * b ^ 2).
Proof.
  intros K_nonneg b_positive.
  destruct (length_increases K b b K_nonneg b_positive (Rle_refl b)) as [_ L].
  split; [lra|]. clear L.
  assert (B : 0 < b ^ 2) by (apply pow_lt; exact b_positive).
  set (q := sqrt (b ^ 2 + K)).
  assert (q2 : q * q = b ^ 2 + K) by (apply sqrt_sqrt; lra).
  assert (b_le_q : b <= q).
  { unfold q. rewrite <- (sqrt_pow2 b) at 1 by lra. apply sqrt_le_1_alt. lra. }
  apply (Rmult_le_reg_r (2 * b ^ 2 * q)); [nra|].
  replace ((1 - b / q) * (2 * b ^ 2 * q)) with ((q - b) * (2 * b ^ 2))
    by (field; lra).
  replace (K / (2 * b ^ 2) * (2 * b ^ 2 * q)) with (K * q) by (field; lra).
  replace K with ((q - b) * (q + b)) by lra.
  rewrite Rmult_assoc. apply Rmult_le_compat_l; [lra|]. nra.
Qed.

Lemma sharp_le_norm_rate d eps rho speed : 0 <= eps -> 0 <= rho < speed ->
  sharp_rate d eps rho speed <= norm_rate d eps rho speed.
Proof.
  intros eps_nonneg rho_between. unfold sharp_rate, norm_rate.
  apply Rmult_le_compat_l; [apply sqrt_pos|].
  assert (K : 0 <= INR d * eps)
    by (apply Rmult_le_pos; [apply pos_INR|exact eps_nonneg]).
  assert (t_between : 0 <= rho / speed < 1).
  { split; [apply Rmult_le_pos; [lra|left; apply Rinv_0_lt_compat; lra]|].
    apply (Rmult_lt_reg_r speed); [lra|].
    replace (rho / speed * speed) with rho by (field; lra). lra. }
  pose proof (chord_bound (rho / speed) t_between) as chord.
  replace (2 * (rho / speed) / (2 - rho / speed))
    with (2 * rho / (2 * speed - rho)) in chord by (field; lra).
  destruct (length_bound (INR d * eps) (speed - rho) K ltac:(lra))
    as [short_nonneg short].
  set (A := 2 - 2 * sqrt (1 - (rho / speed) ^ 2)) in *.
  set (B := 1 - (speed - rho) / sqrt ((speed - rho) ^ 2 + INR d * eps)) in *.
  assert (A_nonneg : 0 <= A).
  { unfold A. assert (sqrt (1 - (rho / speed) ^ 2) <= 1); [|lra].
    rewrite <- sqrt_1 at 2. apply sqrt_le_1_alt.
    pose proof (pow2_ge_0 (rho / speed)). lra. }
  apply Rle_trans with (sqrt A + B); [|lra].
  rewrite <- (sqrt_pow2 (sqrt A + B))
    by (pose proof (sqrt_pos A); lra). apply sqrt_le_1_alt.
  pose proof (sqrt_sqrt A A_nonneg) as root. pose proof (sqrt_pos A) as P.
  assert (0 <= sqrt A * B) by (apply Rmult_le_pos; assumption). nra.
Qed.

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

Lemma gain_nonneg d (gain : nat -> R) g rho alpha r u :
  (forall k, (k < d)%nat -> Rabs (gain k) <= g) ->
  euclidean d r <= rho -> rho < alpha * euclidean d u -> 0 <= g.
Proof.
  intros gain_bounded r_bounded fast. destruct d as [|k].
  - rewrite !euclidean_empty in *. lra.
  - eapply Rle_trans; [apply Rabs_pos|apply (gain_bounded 0%nat); lia].
Qed.

Lemma ray_rate d eps g gain u (output r : R -> nat -> R) rho alpha :
  (forall k, (k < d)%nat -> Rabs (gain k) <= g) -> 0 <= eps ->
  (forall a k, output a k = ray u r a k) -> euclidean d (r alpha) <= rho ->
  0 < alpha -> rho < alpha * euclidean d u ->
  euclidean d (fun i =>
    rms_norm d eps gain (output alpha) i - rms_norm d 0 gain u i) <=
  g * sharp_rate d eps rho (alpha * euclidean d u).
Proof.
  intros gain_bounded eps_nonneg output_is_ray r_bounded alpha_positive fast.
  pose proof (gain_nonneg d gain g rho alpha (r alpha) u gain_bounded
    r_bounded fast) as g_nonneg.
  assert (d_positive : (0 < d)%nat).
  { destruct d as [|k]; [exfalso|lia]. rewrite !euclidean_empty in *. lra. }
  rewrite (euclidean_ext d _ (fun i => rms_norm d eps gain
      (fun k => alpha * u k + r alpha k) i - rms_norm d 0 gain u i)).
  - apply rms_rate; assumption.
  - intros i. f_equal. apply rms_norm_ext. apply output_is_ray.
Qed.

Lemma simpler_rate d eps (r u : nat -> R) rho alpha : 0 <= eps ->
  euclidean d r <= rho -> rho < alpha * euclidean d u ->
  sharp_rate d eps rho (alpha * euclidean d u) <=
    norm_rate d eps rho (alpha * euclidean d u).
Proof.
  intros eps_nonneg r_bounded fast. pose proof (norm_nonneg d r).
  apply sharp_le_norm_rate; [exact eps_nonneg|lra].
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
  (rho alpha eps : R) (gain bias : nat -> R).
Hypothesis eps_nonneg : 0 <= eps.
Hypothesis alpha_positive : 0 < alpha.

Notation output a := (network layers (steered_stream X v a) t).
Notation part := (unsteered_part layers X v t).
Notation u := (v t).
Notation opposite := (fun k => - v t k).

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
    <= g * sharp_rate d eps rho (alpha * euclidean d u) /\
  euclidean d (fun i => rms_norm d eps gain (output (- alpha)) i
    - rms_norm d 0 gain opposite i)
    <= g * sharp_rate d eps rho (alpha * euclidean d u) /\
  g * sharp_rate d eps rho (alpha * euclidean d u)
    <= g * norm_rate d eps rho (alpha * euclidean d u).
Proof.
  intros gain_bounded. split; [|split].
  - apply ray_rate with (output := fun a => output a) (r := part);
      try assumption; [exact output_is_ray|apply part_bounded].
  - rewrite <- (euclidean_odd d u) in *.
    apply ray_rate with (output := fun a => output (- a))
      (r := fun a => part (- a));
      try assumption; [exact mirror_is_ray|apply part_bounded].
  - apply Rmult_le_compat_l; [|exact (simpler_rate d eps (part 0) u rho alpha
        eps_nonneg (part_bounded 0) fast)].
    exact (gain_nonneg d gain g rho alpha (part 0) u gain_bounded
      (part_bounded 0) fast).
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
    <= g * sharp_rate d eps rho (alpha * euclidean d (centred d u)) /\
  euclidean d (fun i => layer_norm d eps gain bias (output (- alpha)) i
    - layer_norm d 0 gain bias opposite i)
    <= g * sharp_rate d eps rho (alpha * euclidean d (centred d u)) /\
  g * sharp_rate d eps rho (alpha * euclidean d (centred d u))
    <= g * norm_rate d eps rho (alpha * euclidean d (centred d u)).
Proof.
  intros gain_bounded. rewrite !layer_difference. split; [|split].
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
  - apply Rmult_le_compat_l; [|exact (simpler_rate d eps (centred d (part 0))
        (centred d u) rho alpha eps_nonneg (part_bounded 0) fast)].
    exact (gain_nonneg d gain g rho alpha (centred d (part 0)) (centred d u)
      gain_bounded (part_bounded 0) fast).
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

Lemma gained_row_bound x sharp rate :
  euclidean d x <= 1 * sharp -> 1 * sharp <= 1 * rate ->
  euclidean d gained_row * sharp <= euclidean d U * (g * rate).
Proof.
  intros x_near sharp_le_rate. pose proof (norm_nonneg d x).
  rewrite <- Rmult_assoc, (Rmult_comm (euclidean d U)).
  apply Rmult_le_compat; [apply norm_nonneg|lra| |lra].
  apply row_with_gain; exact gain_bounded.
Qed.

Lemma logit_rate :
  (forall a, euclidean d (part a) <= rho) -> rho < alpha * euclidean d (v t) ->
  let bound := euclidean d gained_row
    * sharp_rate d eps rho (alpha * euclidean d (v t)) in
  Rabs (dot d U (rms_norm d eps gain (output alpha))
    - dot d U (rms_norm d 0 gain (v t))) <= bound /\
  Rabs (dot d U (rms_norm d eps gain (output (- alpha)))
    - dot d U (rms_norm d 0 gain opposite)) <= bound /\
  bound
    <= euclidean d U * (g * norm_rate d eps rho (alpha * euclidean d (v t))).
Proof.
  intros part_bounded fast bound.
  destruct (network_rate d layers X v t rho alpha eps (fun _ => 1) eps_nonneg
      alpha_positive part_bounded fast 1 unit_gain)
    as [plus [minus simple]].
  split; [|split].
  - rewrite !(gain_in_row d _ gain). apply logit_difference. lra.
  - rewrite !(gain_in_row d _ gain). apply logit_difference. lra.
  - exact (gained_row_bound _ _ _ plus simple).
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
    * sharp_rate d eps rho (alpha * euclidean d (centred d (v t))) in
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
    as [plus [minus simple]].
  split; [|split].
  - rewrite layer_logit_difference. apply logit_difference. lra.
  - rewrite layer_logit_difference. apply logit_difference. lra.
  - exact (gained_row_bound _ _ _ plus simple).
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
