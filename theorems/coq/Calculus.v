(* The few facts of one-variable calculus used
   here, from the standard library. *)
From Coq Require Import Reals List Lra Lia.
From Steering Require Import Definitions Sum.
Open Scope R_scope.

Lemma square_pos x : x <> 0 -> 0 < x ^ 2.
Proof.
  intros x_nonzero. replace (x ^ 2) with (Rsqr x) by (unfold Rsqr; ring).
  apply Rsqr_pos_lt; exact x_nonzero.
Qed.

Lemma abs_bounds x a : Rabs x <= a -> - a <= x <= a.
Proof. unfold Rabs. destruct (Rcase_abs x); lra. Qed.

Lemma difference_le x y : 0 <= y - x -> x <= y.
Proof. lra. Qed.

Lemma le_difference x y : x <= y -> 0 <= y - x.
Proof. lra. Qed.

Lemma ratio_scale k x y : 0 < k -> k * x / (k * y) = x / y.
Proof.
  intros k_positive. unfold Rdiv. rewrite Rinv_mult.
  transitivity (k * / k * (x * / y)); [ring|]. rewrite Rinv_r by lra. ring.
Qed.

Lemma nonpositive_product x y : 0 < x -> y <= 0 -> x * y <= 0.
Proof. nra. Qed.

(* ---- Derivatives ---- *)

Lemma derivable_ext f g x l :
  (forall y, f y = g y) -> derivable_pt_lim f x l -> derivable_pt_lim g x l.
Proof.
  intros f_eq_g D eps eps_positive.
  destruct (D eps eps_positive) as [delta quotient_near]. exists delta.
  intros h h_nonzero h_near. rewrite <- !f_eq_g.
  apply quotient_near; assumption.
Qed.

Lemma derivable_value f x l l' : derivable_pt_lim f x l -> l = l' ->
  derivable_pt_lim f x l'.
Proof. intros D <-; exact D. Qed.

Lemma derivable_sum {A} (f : R -> A -> R) (f' : A -> R) x l :
  (forall z, In z l -> derivable_pt_lim (fun t => f t z) x (f' z)) ->
  derivable_pt_lim (fun t => sum (f t) l) x (sum f' l).
Proof.
  induction l as [|z l IH]; simpl; intros terms_derivable;
    [apply derivable_pt_lim_const|].
  apply (derivable_pt_lim_plus (fun t => f t z) (fun t => sum (f t) l)).
  - apply terms_derivable; left; reflexivity.
  - apply IH; intros; apply terms_derivable; right; assumption.
Qed.

Lemma derivable_exp_scal c x :
  derivable_pt_lim (fun t => exp (t * c)) x (c * exp (x * c)).
Proof.
  apply (derivable_value _ _ (exp (x * c) * c)); [|ring].
  apply (derivable_pt_lim_comp (fun t => t * c) exp);
    [|apply derivable_pt_lim_exp].
  apply (derivable_ext (fun t => c * t)); [intros; ring|].
  apply (derivable_value _ _ (c * 1)); [|ring].
  apply (derivable_pt_lim_scal id), derivable_pt_lim_id.
Qed.

Lemma derivable_ln f x l : 0 < f x -> derivable_pt_lim f x l ->
  derivable_pt_lim (fun t => ln (f t)) x (l / f x).
Proof.
  intros f_x_positive D.
  apply (derivable_value _ _ (/ f x * l)); [|unfold Rdiv; ring].
  apply (derivable_pt_lim_comp f ln);
    [exact D|apply derivable_pt_lim_ln; exact f_x_positive].
Qed.

Lemma derivable_scal c f x l :
  derivable_pt_lim f x l -> derivable_pt_lim (fun t => c * f t) x (c * l).
Proof. apply (derivable_pt_lim_scal f). Qed.

Lemma derivable_linear c x : derivable_pt_lim (fun t => c * t) x c.
Proof.
  apply (derivable_value _ _ (c * 1)); [|ring].
  apply derivable_scal, derivable_pt_lim_id.
Qed.

Lemma derivable_minus f g x l m : derivable_pt_lim f x l ->
  derivable_pt_lim g x m ->
  derivable_pt_lim (fun t => f t - g t) x (l - m).
Proof. apply (derivable_pt_lim_minus f g). Qed.

Lemma derivable_plus f g x l m : derivable_pt_lim f x l ->
  derivable_pt_lim g x m ->
  derivable_pt_lim (fun t => f t + g t) x (l + m).
Proof. apply (derivable_pt_lim_plus f g). Qed.

Lemma derivable_mult f g x l m : derivable_pt_lim f x l ->
  derivable_pt_lim g x m ->
  derivable_pt_lim (fun t => f t * g t) x (l * g x + f x * m).
Proof. apply (derivable_pt_lim_mult f g). Qed.

Lemma derivable_power n x :
  derivable_pt_lim (fun t => t ^ S n) x (INR (S n) * x ^ n).
Proof. exact (derivable_pt_lim_pow x (S n)). Qed.

Lemma derivable_continuity f x l : derivable_pt_lim f x l -> continuity_pt f x.
Proof. intros D. apply derivable_continuous_pt. exists l; exact D. Qed.

(* ---- Signs of the derivative (mean value theorem) ---- *)

Section Signs.
Variables (f f' : R -> R).
Hypothesis D : forall x, derivable_pt_lim f x (f' x).

Lemma mean_value x y : x < y ->
  exists c, f y - f x = f' c * (y - x) /\ x < c < y.
Proof. intros x_lt_y. apply (MVT_cor2 f f' x y x_lt_y). intros; apply D. Qed.

Lemma increasing_between lo hi :
  (forall c, lo < c < hi -> 0 < f' c) -> forall x y, lo <= x -> x < y ->
  y <= hi -> f x < f y.
Proof.
  intros slope_positive x y lo_le_x x_lt_y y_le_hi.
  destruct (mean_value x y x_lt_y) as [c [E c_between]].
  assert (0 < f' c) by (apply slope_positive; lra).
  assert (0 < f' c * (y - x)) by (apply Rmult_lt_0_compat; lra). lra.
Qed.

Lemma positive_increasing : (forall c, 0 < f' c) -> increasing f.
Proof.
  intros slope_positive x y x_lt_y.
  apply (increasing_between x y); [intros; apply slope_positive|lra..].
Qed.

Lemma positive_before a : (forall c, c < a -> 0 < f' c) -> increasing_until a f.
Proof.
  intros slope_positive x y x_lt_y y_le_a.
  apply (increasing_between x a); try lra. intros; apply slope_positive; lra.
Qed.

Lemma nonneg_grows : (forall c, 0 < c -> 0 <= f' c) ->
  forall x, 0 <= x -> f 0 <= f x.
Proof.
  intros slope_nonneg x [x_positive|<-]; [|lra].
  destruct (mean_value 0 x x_positive) as [c [E c_between]].
  assert (0 <= f' c * (x - 0))
    by (apply Rmult_le_pos; [apply slope_nonneg|]; lra). lra.
Qed.

(* A strictly increasing derivative makes strict
   convexity: two mean values, compared. *)
Lemma increasing_derivative_convex : increasing f' -> strictly_convex f.
Proof.
  intros slope_increasing x y t x_lt_y t_between.
  set (m := t * x + (1 - t) * y).
  assert (left_step : m - x = (1 - t) * (y - x)) by (unfold m; ring).
  assert (right_step : y - m = t * (y - x)) by (unfold m; ring).
  assert (0 < (1 - t) * (y - x)) by (apply Rmult_lt_0_compat; lra).
  assert (0 < t * (y - x)) by (apply Rmult_lt_0_compat; lra).
  destruct (mean_value x m) as [c [Ec c_between]]; [lra|].
  destruct (mean_value m y) as [e [Ee e_between]]; [lra|].
  assert (f' c < f' e) by (apply slope_increasing; lra).
  rewrite left_step in Ec. rewrite right_step in Ee.
  assert (0 < t * (1 - t) * (y - x)) by (repeat apply Rmult_lt_0_compat; lra).
  assert (0 < t * (1 - t) * (y - x) * (f' e - f' c))
    by (apply Rmult_lt_0_compat; lra).
  replace (f m) with (t * (f x + f' c * ((1 - t) * (y - x)))
      + (1 - t) * (f y - f' e * (t * (y - x)))) by (rewrite <- Ec, <- Ee; ring).
  nra.
Qed.
End Signs.

Lemma negative_decreasing f f' :
  (forall x, derivable_pt_lim f x (f' x)) -> (forall c, f' c < 0) ->
  decreasing f.
Proof.
  intros D slope_negative x y x_lt_y.
  destruct (mean_value f f' D x y x_lt_y) as [c [E c_between]].
  pose proof (slope_negative c). assert (f' c * (y - x) < 0) by nra. lra.
Qed.

Lemma negative_after f f' a :
  (forall x, derivable_pt_lim f x (f' x)) -> (forall c, a < c -> f' c < 0) ->
  decreasing_from a f.
Proof.
  intros D slope_negative x y a_le_x x_lt_y.
  destruct (mean_value f f' D x y x_lt_y) as [c [E c_between]].
  assert (f' c < 0) by (apply slope_negative; lra).
  assert (f' c * (y - x) < 0) by nra. lra.
Qed.

Lemma intermediate_value f x y v :
  continuity f -> x < y -> f x < v < f y -> exists c, x < c < y /\ f c = v.
Proof.
  intros C x_lt_y v_between.
  destruct (IVT (fun t => f t - v) x y) as [c [c_between E]]; try lra.
  - intros t. apply (continuity_pt_minus f (fun _ => v)); [apply C|].
    apply continuity_pt_const. intros u w; reflexivity.
  - exists c. split; [|lra].
    destruct c_between
      as [[left_end|left_end] [right_end|right_end]]; subst; lra.
Qed.
