(* The slope of the loss under steering is its gradient in the embeddings,
   summed over contexts, along the steering vector. *)
From Coq Require Import Reals List Arith Lra Lia.
From Steering Require Import Definitions Sum Calculus Infinity Model.
Open Scope R_scope.

Section Gradient.
Context {A J : Type}.
Variables (V : list A) (d : nat) (W : A -> nat -> R) (p : J -> A -> R)
  (js : list J) (w : J -> R) (H : J -> nat -> R).
Hypothesis V_nonempty : V <> nil.

Notation loss := (embedding_loss V d W p js w).
Notation q := (fun j => softmax V (logits d W (H j))).

(* What a move of the logits of context j by u, to first order, does to the
   loss of j. *)
Definition logit_slope (j : J) (u : A -> R) : R :=
  sum (fun z => p j z * (sum (fun y => q j y * u y) V - u z)) V.

Lemma logits_moved h e t z :
  logits d W (fun i => h i + t * e i) z = logits d W h z + t * logits d W e z.
Proof. apply dot_linear. Qed.

Lemma softmax_log f z :
  ln (softmax V f z) = f z - ln (sum (fun y => exp (f y)) V).
Proof.
  assert (0 < sum (fun y => exp (f y)) V)
    by (apply sum_pos; [exact V_nonempty|intros; apply exp_pos]).
  unfold softmax, Rdiv.
  rewrite ln_mult, ln_exp, ln_Rinv; try assumption;
    [ring|apply exp_pos|apply Rinv_0_lt_compat; assumption].
Qed.

Lemma loss_slope (E : J -> nat -> R) :
  derivable_pt_lim (fun t => loss (fun j i => H j i + t * E j i)) 0
    (sum (fun j => w j * logit_slope j (logits d W (E j))) js).
Proof.
  apply (derivable_ext (fun t => sum (fun j => w j * sum (fun z => p j z *
      (ln (sum (fun y => exp (logits d W (H j) y + t * logits d W (E j) y)) V)
        - (logits d W (H j) z + t * logits d W (E j) z))) V) js)).
  { intros t. unfold embedding_loss, cross_entropy. rewrite <- sum_opp.
    apply sum_ext. intros j _. rewrite Ropp_mult_distr_r, <- sum_opp.
    f_equal. apply sum_ext. intros z _. rewrite softmax_log, logits_moved.
    rewrite (sum_ext (fun y => exp (logits d W (fun i => H j i + t * E j i) y))
      (fun y => exp (logits d W (H j) y + t * logits d W (E j) y)))
      by (intros; rewrite logits_moved; reflexivity).
    ring. }
  apply (derivable_sum (fun t j => w j * sum (fun z => p j z *
      (ln (sum (fun y => exp (logits d W (H j) y + t * logits d W (E j) y)) V)
        - (logits d W (H j) z + t * logits d W (E j) z))) V)).
  intros j _. apply derivable_scal.
  apply (derivable_sum (fun t z => p j z *
      (ln (sum (fun y => exp (logits d W (H j) y + t * logits d W (E j) y)) V)
        - (logits d W (H j) z + t * logits d W (E j) z)))).
  intros z _. apply derivable_scal.
  set (l := logits d W (H j)). set (u := logits d W (E j)).
  assert (line : forall y, derivable_pt_lim (fun t => l y + t * u y) 0 (u y)).
  { intros y. eapply derivable_value.
    - apply derivable_plus; [apply derivable_pt_lim_const|].
      apply (derivable_ext (fun t => u y * t)); [intros; ring|].
      apply derivable_linear.
    - ring. }
  apply derivable_minus; [|apply line].
  eapply derivable_value.
  - apply (derivable_ln (fun t => sum (fun y => exp (l y + t * u y)) V)).
    + apply sum_pos; [exact V_nonempty|intros; apply exp_pos].
    + apply (derivable_sum (fun t y => exp (l y + t * u y))
        (fun y => exp (l y) * u y)).
      intros y _. eapply derivable_value.
      * apply (derivable_pt_lim_comp (fun t => l y + t * u y) exp);
          [apply line|apply derivable_pt_lim_exp].
      * rewrite Rmult_0_l, Rplus_0_r. reflexivity.
  - unfold softmax. fold l.
    rewrite (sum_ext (fun y => exp (l y + 0 * u y)) (fun y => exp (l y)))
      by (intros; rewrite Rmult_0_l, Rplus_0_r; reflexivity).
    rewrite <- sum_div. apply sum_ext. intros y _. unfold Rdiv. ring.
Qed.

(* The slope is linear in the move of the embedding. *)
Lemma logit_slope_dot j e : logit_slope j (logits d W e) =
  dot d (fun i => logit_slope j (fun z => W z i)) e.
Proof.
  unfold logit_slope, dot.
  rewrite (sum_ext (fun i => sum (fun z => p j z *
      (sum (fun y => q j y * W y i) V - W z i)) V * e i)
    (fun i => sum (fun z => p j z *
      (sum (fun y => q j y * W y i) V - W z i) * e i) V))
    by (intros; symmetry; apply sum_scal_r).
  rewrite sum_swap. apply sum_ext. intros z _.
  rewrite (sum_ext (fun i => p j z *
      (sum (fun y => q j y * W y i) V - W z i) * e i)
    (fun i => p j z * (sum (fun y => q j y * (W y i * e i)) V - W z i * e i))).
  - rewrite sum_scal, sum_minus, sum_swap. f_equal. f_equal. apply sum_ext.
    intros y _. rewrite sum_scal. reflexivity.
  - intros i _.
    rewrite (sum_ext (fun y => q j y * (W y i * e i))
      (fun y => q j y * W y i * e i)) by (intros; ring).
    rewrite sum_scal_r. ring.
Qed.

(* ---- Partial derivatives ---- *)

Variable same : forall j k : J, {j = k} + {j <> k}.
Hypothesis js_distinct : NoDup js.

Definition partial (j : J) (i : nat) : R :=
  w j * logit_slope j (fun z => W z i).

Lemma sum_single (f : J -> R) j : In j js ->
  sum (fun k => if same k j then f k else 0) js = f j.
Proof.
  induction js_distinct as [|k rest k_new rest_distinct IH]; [intros []|].
  intros [->|j_in]; simpl.
  - destruct (same j j) as [_|off]; [|contradiction].
    rewrite sum_zero; [ring|]. intros k k_in.
    destruct (same k j) as [->|_]; [contradiction|reflexivity].
  - destruct (same k j) as [->|_]; [contradiction|].
    rewrite (IH rest_distinct j_in). ring.
Qed.

Lemma unit_dot (g : nat -> R) i : (i < d)%nat ->
  dot d g (fun l => if Nat.eqb l i then 1 else 0) = g i.
Proof.
  unfold dot. intros i_lt.
  assert (F : forall start n, (start <= i)%nat -> (i < start + n)%nat ->
      sum (fun l => g l * (if Nat.eqb l i then 1 else 0)) (seq start n) = g i).
  { intros start n. revert start.
    induction n as [|n IH]; intros start low high; [lia|]. simpl.
    destruct (Nat.eqb_spec start i) as [->|off].
    - rewrite sum_zero; [ring|]. intros l l_in. apply in_seq in l_in.
      destruct (Nat.eqb_spec l i); [lia|ring].
    - rewrite IH by lia. ring. }
  apply F; lia.
Qed.

Lemma partial_gradient : gradient V d W p js w same H partial.
Proof.
  intros j i j_in i_lt.
  set (E := fun k l =>
    if same k j then if Nat.eqb l i then 1 else 0 else 0).
  apply (derivable_ext (fun t => loss (fun k l => H k l + t * E k l))).
  { intros t. unfold embedding_loss, cross_entropy. f_equal. apply sum_ext.
    intros k _. f_equal. apply sum_ext. intros z _. do 2 f_equal.
    unfold softmax.
    assert (L : forall y, logits d W (fun l => H k l + t * E k l) y =
        logits d W (moved same H j i t k) y).
    { intros y. apply sum_ext. intros l _. unfold moved, E.
      destruct (same k j), (Nat.eqb l i); ring. }
    rewrite L. f_equal. apply sum_ext. intros y _. rewrite L. reflexivity. }
  eapply derivable_value; [apply loss_slope|].
  rewrite (sum_ext _ (fun k => if same k j then partial k i else 0));
    [apply (sum_single (fun k => partial k i)); exact j_in|].
  intros k _. rewrite logit_slope_dot. unfold partial, E.
  destruct (same k j).
  - f_equal. apply (unit_dot (fun l => logit_slope k (fun z => W z l))).
    exact i_lt.
  - unfold dot. rewrite (sum_zero _ (seq 0 d)) by (intros; ring). ring.
Qed.

(* Moving every embedding along one vector. *)
Lemma steering_slope D v : gradient V d W p js w same H D ->
  derivable_pt_lim
    (fun alpha => loss (fun j i => H j i + alpha * v i) - loss H) 0
    (dot d (fun i => sum (fun j => D j i) js) v).
Proof.
  intros D_gradient. eapply derivable_value.
  - apply derivable_minus;
      [apply (loss_slope (fun _ => v))|apply derivable_pt_lim_const].
  - rewrite Rminus_0_r. unfold dot.
    rewrite (sum_ext (fun i => sum (fun j => D j i) js * v i)
      (fun i => sum (fun j => D j i * v i) js))
      by (intros; symmetry; apply sum_scal_r).
    rewrite sum_swap. apply sum_ext. intros j j_in.
    rewrite logit_slope_dot. unfold dot. rewrite <- sum_scal.
    apply sum_ext. intros i i_in. apply in_seq in i_in.
    rewrite <- Rmult_assoc. f_equal. fold (partial j i).
    apply (uniqueness_limite _ 0 _ _
      (partial_gradient j i j_in ltac:(lia)) (D_gradient j i j_in ltac:(lia))).
Qed.

Lemma gradient_exists : exists D, gradient V d W p js w same H D.
Proof. exists partial. exact partial_gradient. Qed.

Lemma stationary_slope v : stationary V d W p js w same H ->
  derivable_pt_lim
    (fun alpha => loss (fun j i => H j i + alpha * v i) - loss H) 0 0.
Proof.
  intros H_stationary.
  eapply derivable_value; [apply (steering_slope _ v H_stationary)|].
  apply sum_zero. intros i _. rewrite sum_zero by reflexivity. ring.
Qed.

(* So have embeddings that minimise the loss, whatever the decoder (Fermat). *)
Lemma minimal_stationary :
  (forall H', loss H <= loss H') -> stationary V d W p js w same H.
Proof.
  intros H_minimal j i j_in i_lt.
  set (f := fun t => loss (moved same H j i t)).
  assert (start : f 0 = loss H).
  { unfold f, embedding_loss, cross_entropy. f_equal. apply sum_ext.
    intros k _. f_equal. apply sum_ext. intros z _. do 2 f_equal.
    assert (L : forall y, logits d W (moved same H j i 0 k) y =
        logits d W (H k) y).
    { intros y. apply sum_ext. intros l _. unfold moved.
      destruct (same k j), (Nat.eqb l i); ring. }
    unfold softmax. rewrite L. f_equal. apply sum_ext. intros y _.
    rewrite L. reflexivity. }
  pose proof (partial_gradient j i j_in i_lt) as D. fold f in D.
  set (D_exists := exist (derivable_pt_abs f 0) (partial j i) D).
  eapply derivable_value; [exact D|].
  change (partial j i) with (derive_pt f 0 D_exists).
  apply deriv_minimum with (-1) 1; try lra. intros t _ _.
  rewrite start. apply H_minimal.
Qed.

(* A model that fits its data has gradient 0. *)
Lemma trained_stationary : trained V d W H p ->
  stationary V d W p js w same H.
Proof.
  intros H_trained j i j_in i_lt.
  eapply derivable_value; [exact (partial_gradient j i j_in i_lt)|].
  unfold partial, logit_slope.
  assert (fits : forall z, In z V -> softmax V (logits d W (H j)) z = p j z)
    by (intros; apply H_trained; assumption).
  rewrite (sum_ext (fun y => softmax V (logits d W (H j)) y * W y i)
    (fun y => p j y * W y i)) by (intros; rewrite fits by assumption; ring).
  set (m := sum (fun y => p j y * W y i) V).
  rewrite (sum_ext _ (fun z => p j z * m - p j z * W z i))
    by (intros; ring).
  rewrite sum_minus, sum_scal_r.
  destruct (trained_law V d W H p V_nonempty H_trained j) as [_ ->].
  fold m. ring.
Qed.
End Gradient.
