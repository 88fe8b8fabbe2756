(* Limits at plus and minus infinity: sums,
   products, quotients, and the exponential. *)
From Coq Require Import Reals List Lra Lia.
From Steering Require Import Definitions Sum Calculus.
Open Scope R_scope.

Lemma tends_ext f g l : (forall x, f x = g x) -> tends_plus f l ->
  tends_plus g l.
Proof.
  intros f_eq_g T eps eps_positive. destruct (T eps eps_positive) as [b f_near].
  exists b; intros; rewrite <- f_eq_g; auto.
Qed.

Lemma tends_eventually f g l b0 :
  (forall x, b0 < x -> f x = g x) -> tends_plus f l -> tends_plus g l.
Proof.
  intros f_eq_g T eps eps_positive. destruct (T eps eps_positive) as [b f_near].
  exists (Rmax b b0). intros x x_far.
  pose proof (Rmax_l b b0); pose proof (Rmax_r b b0). rewrite <- f_eq_g by lra.
  apply f_near; lra.
Qed.

Lemma tends_const c : tends_plus (fun _ => c) c.
Proof.
  intros eps eps_positive. exists 0. intros.
  rewrite Rminus_diag_eq by reflexivity. rewrite Rabs_R0; exact eps_positive.
Qed.

Lemma tends_plus_sum f g l m :
  tends_plus f l -> tends_plus g m -> tends_plus (fun x => f x + g x) (l + m).
Proof.
  intros F G eps eps_positive. destruct (F (eps / 2)) as [b f_near]; [lra|].
  destruct (G (eps / 2)) as [c g_near]; [lra|].
  exists (Rmax b c). intros x x_far.
  pose proof (Rmax_l b c); pose proof (Rmax_r b c).
  replace (f x + g x - (l + m)) with ((f x - l) + (g x - m)) by ring.
  eapply Rle_lt_trans; [apply Rabs_triang|].
  specialize (f_near x ltac:(lra)). specialize (g_near x ltac:(lra)). lra.
Qed.

(* Continuous functions pass to the limit; products follow by polarisation. *)
Lemma tends_compose f g l : tends_plus f l -> continuity_pt g l ->
  tends_plus (fun x => g (f x)) (g l).
Proof.
  intros F G eps eps_positive.
  destruct (G eps eps_positive) as [d [d_positive g_continuous]].
  destruct (F d d_positive) as [b f_near]. exists b.
  intros x b_lt_x. destruct (Req_dec (f x) l) as [->|fx_ne_l].
  - rewrite Rminus_diag_eq by reflexivity. rewrite Rabs_R0; exact eps_positive.
  - apply g_continuous. split; [split; [exact I|congruence]|].
    apply f_near; exact b_lt_x.
Qed.

Lemma tends_scal c f l : tends_plus f l ->
  tends_plus (fun x => c * f x) (c * l).
Proof.
  intros F. apply (tends_compose f (fun y => c * y)); [exact F|].
  apply (derivable_continuity _ _ c), derivable_linear.
Qed.

Lemma tends_mult f g l m :
  tends_plus f l -> tends_plus g m -> tends_plus (fun x => f x * g x) (l * m).
Proof.
  intros F G.
  assert (S : forall u k, tends_plus u k ->
      tends_plus (fun x => (u x) ^ 2) (k ^ 2)).
  { intros u k U. apply (tends_compose u (fun y => y ^ 2)); [exact U|].
    eapply derivable_continuity, derivable_power. }
  replace (l * m) with (/ 4 * ((l + m) ^ 2 + -1 * (l + -1 * m) ^ 2)) by field.
  eapply tends_ext; [|apply tends_scal, tends_plus_sum;
    [apply S, tends_plus_sum; [exact F|exact G]
    |apply tends_scal, S, tends_plus_sum; [exact F|apply tends_scal; exact G]]].
  intros x; simpl; field.
Qed.

Lemma tends_div f g l m : m <> 0 ->
  tends_plus f l -> tends_plus g m -> tends_plus (fun x => f x / g x) (l / m).
Proof.
  intros m_nonzero F G. apply tends_mult; [exact F|].
  apply (tends_compose g Rinv); [exact G|].
  apply (continuity_pt_inv (fun y => y)); [|exact m_nonzero].
  apply derivable_continuous_pt, derivable_pt_id.
Qed.

Lemma tends_minus_const f l c : tends_plus f l ->
  tends_plus (fun x => f x - c) (l - c).
Proof.
  intros F.
  apply (tends_plus_sum f (fun _ => - c)); [exact F|apply tends_const].
Qed.

Lemma tends_sum {A} (f : R -> A -> R) (lim : A -> R) l :
  (forall z, In z l -> tends_plus (fun x => f x z) (lim z)) ->
  tends_plus (fun x => sum (f x) l) (sum lim l).
Proof.
  induction l as [|z l IH]; simpl; intros f_tends; [apply tends_const|].
  apply tends_plus_sum; [apply f_tends; left; reflexivity|].
  apply IH; intros; apply f_tends; right; assumption.
Qed.

(* e^{cx} -> 0 for c < 0, because e^y > y. *)
Lemma exp_gt_id y : y < exp y.
Proof. pose proof (exp_ineq1_le y). lra. Qed.

Lemma tends_exp_negative c : c < 0 -> tends_plus (fun x => exp (x * c)) 0.
Proof.
  intros c_negative eps eps_positive. exists (/ (eps * - c)). intros x x_far.
  assert (0 < eps * - c) by (apply Rmult_lt_0_compat; lra).
  assert (0 < / (eps * - c)) by (apply Rinv_0_lt_compat; assumption).
  rewrite Rminus_0_r, Rabs_right by (left; apply exp_pos).
  assert (E : exp (x * c) = / exp (x * - c))
    by (rewrite <- exp_Ropp; f_equal; ring). rewrite E.
  assert (/ eps < x * - c).
  { replace (/ eps) with (/ (eps * - c) * - c) by (field; lra).
    apply Rmult_lt_compat_r; lra. }
  pose proof (exp_gt_id (x * - c)).
  assert (0 < / eps) by (apply Rinv_0_lt_compat; lra).
  rewrite <- (Rinv_inv eps).
  apply Rinv_lt_contravar; [apply Rmult_lt_0_compat|]; lra.
Qed.

Lemma tends_inverse : tends_plus (fun x => / x) 0.
Proof.
  intros eps eps_positive. exists (/ eps). intros x x_far.
  assert (0 < / eps) by (apply Rinv_0_lt_compat; lra).
  assert (0 < / x) by (apply Rinv_0_lt_compat; lra).
  rewrite Rminus_0_r, Rabs_right by lra.
  rewrite <- (Rinv_inv eps).
  apply Rinv_lt_contravar; [apply Rmult_lt_0_compat|]; lra.
Qed.

Lemma tends_bounded_inverse f b : (forall x, Rabs (f x) <= b) ->
  tends_plus (fun x => f x / x) 0.
Proof.
  intros f_bounded eps eps_positive. exists ((Rabs b + 1) / eps).
  intros x x_far. assert (0 <= Rabs b) by apply Rabs_pos.
  assert (0 < (Rabs b + 1) / eps) by (apply Rdiv_lt_0_compat; lra).
  rewrite Rminus_0_r. unfold Rdiv.
  rewrite Rabs_mult, Rabs_inv, (Rabs_right x) by lra.
  apply (Rmult_lt_reg_r x); [lra|].
  rewrite Rmult_assoc, Rinv_l, Rmult_1_r by lra.
  assert (Rabs b + 1 < eps * x).
  { replace (Rabs b + 1) with (eps * ((Rabs b + 1) / eps)) by (field; lra).
    apply Rmult_lt_compat_l; lra. }
  specialize (f_bounded x). pose proof (Rle_abs b). lra.
Qed.

Lemma tends_below f l : tends_plus f l -> forall v, v < l ->
  exists x, 0 < x /\ v < f x.
Proof.
  intros F v v_lt_l. destruct (F (l - v)) as [b f_near]; [lra|].
  exists (Rmax b 0 + 1). pose proof (Rmax_l b 0); pose proof (Rmax_r b 0).
  split; [lra|].
  specialize (f_near (Rmax b 0 + 1) ltac:(lra)). apply Rabs_def2 in f_near. lra.
Qed.

Lemma tends_unique f l m : tends_plus f l -> tends_plus f m -> l = m.
Proof.
  intros F G. destruct (Req_dec l m) as [E|E]; [exact E|exfalso].
  assert (0 < Rabs (l - m)) by (apply Rabs_pos_lt; lra).
  destruct (F (Rabs (l - m) / 2)) as [b near_l]; [lra|].
  destruct (G (Rabs (l - m) / 2)) as [c near_m]; [lra|].
  pose proof (Rmax_l b c); pose proof (Rmax_r b c).
  specialize (near_l (Rmax b c + 1) ltac:(lra)).
  specialize (near_m (Rmax b c + 1) ltac:(lra)).
  set (u := f (Rmax b c + 1)) in *.
  replace (l - m) with ((u - m) - (u - l)) in * by ring.
  pose proof (Rabs_triang (u - m) (- (u - l))). rewrite Rabs_Ropp in *.
  replace (u - m + - (u - l)) with (u - m - (u - l)) in * by ring. lra.
Qed.

(* The limit at minus infinity is the limit at plus
   infinity of the mirror image. *)
Lemma tends_mirror f l : tends_minus f l <-> tends_plus (fun x => f (- x)) l.
Proof.
  split; intros f_tends eps eps_positive; destruct (f_tends eps eps_positive)
    as [b f_near]; exists (- b); intros x x_far.
  - apply f_near; lra.
  - rewrite <- (Ropp_involutive x). apply f_near; lra.
Qed.
