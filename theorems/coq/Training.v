(* Perfect training (Assumption 2): exactly the models of
   least cross-entropy, in every dimension from the rank on. *)
From Coq Require Import Reals List Arith Lra Lia Classical_Prop Wf_nat.
From Steering Require Import Definitions Sum Calculus Infinity Tilt Model
  Dataset Signs Attention Existence.
Open Scope R_scope.

(* ---- Gibbs: equality only for the data's own distributions ---- *)

Section Floor.
Context {A J : Type}.
Variables (V : list A) (p q : J -> A -> R) (js : list J) (w : J -> R).
Hypothesis p_laws : forall j, law V (p j).
Hypothesis q_laws : forall j, law V (q j).
Hypothesis w_positive : forall j, In j js -> 0 < w j.

Notation excess j := (sum (fun z => p j z * ln (p j z / q j z)) V).

Lemma differences_sum j : sum (fun z => p j z - q j z) V = 0.
Proof.
  rewrite sum_minus. destruct (p_laws j) as [_ ->].
  destruct (q_laws j) as [_ ->]. ring.
Qed.

Lemma excess_nonneg j : 0 <= excess j.
Proof.
  rewrite <- (differences_sum j). apply sum_le.
  intros z z_in. apply log_ratio_le; [apply p_laws|apply q_laws]; exact z_in.
Qed.

Lemma excess_pos j z : In z V -> q j z <> p j z -> 0 < excess j.
Proof.
  intros z_in differ. rewrite <- (differences_sum j). apply sum_lt.
  - intros y y_in. apply log_ratio_le; [apply p_laws|apply q_laws]; exact y_in.
  - exists z. split; [exact z_in|].
    apply log_ratio_lt; [apply p_laws|apply q_laws|]; auto.
Qed.

Lemma excess_increase : cross_entropy V js w p q =
  cross_entropy V js w p p + sum (fun j => w j * excess j) js.
Proof.
  unfold cross_entropy.
  enough (sum (fun j => w j * excess j) js =
      sum (fun j => w j * sum (fun z => p j z * ln (p j z)) V) js -
      sum (fun j => w j * sum (fun z => p j z * ln (q j z)) V) js) by lra.
  rewrite <- sum_minus. apply sum_ext. intros j _.
  rewrite <- Rmult_minus_distr_l, <- sum_minus. f_equal.
  apply sum_ext. intros z z_in. unfold Rdiv.
  rewrite ln_mult, ln_Rinv; [ring|apply q_laws; exact z_in|
    apply p_laws; exact z_in|apply Rinv_0_lt_compat, q_laws; exact z_in].
Qed.

Lemma floor_reached : cross_entropy V js w p q <= cross_entropy V js w p p ->
  forall j z, In j js -> In z V -> q j z = p j z.
Proof.
  intros least j z j_in z_in. rewrite excess_increase in least.
  destruct (Req_dec (q j z) (p j z)) as [E|differ]; [exact E|exfalso].
  assert (w j * excess j <= sum (fun i => w i * excess i) js).
  { apply (term_le_sum (fun i => w i * excess i)); [|exact j_in]. intros i i_in.
    apply Rmult_le_pos; [left; apply w_positive; exact i_in|].
    apply excess_nonneg. }
  assert (0 < w j * excess j)
    by (apply Rmult_lt_0_compat; [apply w_positive; exact j_in|
      exact (excess_pos j z z_in differ)]). lra.
Qed.
End Floor.

Lemma trained_minimises {A J} (V : list A) d (p : J -> A -> R) js w :
  V <> nil -> (forall j, law V (p j)) -> (forall j, In j js) ->
  (forall j, In j js -> 0 < w j) ->
  (exists W H, trained V d W H p) -> forall W H,
  trained V d W H p <->
  forall W' H',
  embedding_loss V d W p js w H <= embedding_loss V d W' p js w H'.
Proof.
  intros V_nonempty p_laws js_all w_positive [W0 [H0 perfect]] W H.
  assert (Softmax : forall d W (H : J -> nat -> R) j,
      law V (softmax V (logits d W (H j))))
    by (intros; apply softmax_law; exact V_nonempty).
  assert (Floor : forall W (H : J -> nat -> R), trained V d W H p ->
      embedding_loss V d W p js w H = cross_entropy V js w p p).
  { intros W1 H1 fits. unfold embedding_loss, cross_entropy. f_equal.
    apply sum_ext. intros j _. f_equal. apply sum_ext. intros z z_in.
    rewrite fits by exact z_in. reflexivity. }
  split.
  - intros fits W' H'. rewrite (Floor W H fits).
    apply cross_entropy_floor; auto.
  - intros least j z z_in.
    apply (floor_reached V p (fun j => softmax V (logits d W (H j))) js w);
      auto.
    rewrite <- (Floor W0 H0 perfect). apply least.
Qed.

(* ---- The dimensions in which perfect training is attainable ---- *)

Section Rank.
Context {A J : Type}.
Variables (V : list A) (p : J -> A -> R).
Hypothesis V_nonempty : V <> nil.
Hypothesis p_laws : forall j, law V (p j).

Lemma attainable_factors d :
  (exists W H, trained V d W H p) <-> factors V (centred_log V p) d.
Proof.
  split.
  - intros [W [H fits]].
    exists (fun z i => W z i - average (fun y => W y i) V), H.
    intros j z z_in. unfold centred_log.
    assert (E : forall y, In y V ->
        ln (p j y) = logits d W (H j) y - offset V d W H j)
      by (intros y y_in; rewrite (logits_offset V d W H p V_nonempty fits j y
        y_in); ring).
    rewrite E, (average_ext _ _ V E) by exact z_in.
    unfold average. rewrite sum_minus, sum_const.
    transitivity (logits d W (H j) z
      - sum (logits d W (H j)) V / INR (length V)).
    + pose proof (length_pos V V_nonempty). field. lra.
    + unfold logits, dot, Rdiv. rewrite sum_swap, <- sum_scal_r, <- sum_minus.
      apply sum_ext. intros i _. rewrite sum_scal_r. ring.
  - intros [U [h E]]. exists U, h. intros j z z_in. unfold softmax.
    set (k := exp (- average (fun y => ln (p j y)) V)).
    assert (Exp : forall y, In y V -> exp (logits d U (h j) y) = k * p j y).
    { intros y y_in. unfold logits. rewrite <- E by exact y_in.
      unfold centred_log, Rminus, k.
      rewrite exp_plus, exp_ln by (apply p_laws; exact y_in). ring. }
    rewrite (sum_ext _ _ V Exp), Exp, sum_scal by exact z_in.
    rewrite ratio_scale by apply exp_pos. destruct (p_laws j) as [_ ->]. field.
Qed.

Lemma factors_more (L : J -> A -> R) d e : factors V L d -> (d <= e)%nat ->
  factors V L e.
Proof.
  intros [U [h E]] d_le_e.
  exists (fun z i => if Nat.ltb i d then U z i else 0), h. intros j z z_in.
  rewrite E by exact z_in. replace e with (d + (e - d))%nat by lia.
  unfold dot. rewrite seq_app, sum_app.
  rewrite (sum_zero _ (seq (0 + d) _)).
  - rewrite Rplus_0_r. apply sum_ext. intros i i_in. apply in_seq in i_in.
    destruct (Nat.ltb_spec i d); [reflexivity|lia].
  - intros i i_in. apply in_seq in i_in.
    destruct (Nat.ltb_spec i d); [lia|ring].
Qed.

Lemma least_dimension (L : J -> A -> R) n : factors V L n ->
  exists r, rank V L r /\ (r <= n)%nat /\
  forall d, factors V L d <-> (r <= d)%nat.
Proof.
  intros factors_n.
  destruct (dec_inh_nat_subset_has_unique_least_element (factors V L)
      (fun d => classic _) (ex_intro _ n factors_n)) as [r [[least r_least] _]].
  exists r. split; [split; assumption|].
  split; [apply r_least; exact factors_n|].
  intros d. split; [apply r_least|].
  intros r_le_d. exact (factors_more L r d least r_le_d).
Qed.

(* One dimension for each token is enough. *)
Variable same_token : forall y z : A, {y = z} + {y <> z}.

Fixpoint position (z : A) (l : list A) : nat :=
  match l with
  | nil => 0
  | y :: rest => if same_token y z then 0 else S (position z rest)
  end.

Lemma position_spec z l default : In z l ->
  (position z l < length l)%nat /\ nth (position z l) l default = z.
Proof.
  induction l as [|y l IH]; [contradiction|]. intros z_in. simpl.
  destruct (same_token y z) as [E|E]; [split; [lia|exact E]|].
  destruct z_in as [?|z_in]; [contradiction|].
  destruct (IH z_in). split; [lia|assumption].
Qed.

Lemma factors_tokens (L : J -> A -> R) : factors V L (length V).
Proof.
  destruct (nonempty_in V V_nonempty) as [default _].
  exists (fun z => one_hot (position z V)), (fun j i => L j (nth i V default)).
  intros j z z_in. destruct (position_spec z V default z_in) as [below E].
  unfold dot. rewrite one_hot_dot. simpl.
  assert (Nat.ltb (position z V) (length V) = true) as ->
    by (apply Nat.ltb_lt; exact below). rewrite E. reflexivity.
Qed.

Lemma attainable_rank : exists r, rank V (centred_log V p) r /\
  (r <= length V)%nat /\
  forall d, (exists W H, trained V d W H p) <-> (r <= d)%nat.
Proof.
  destruct (least_dimension _ _ (factors_tokens (centred_log V p)))
    as [r [r_rank [r_le iff]]].
  exists r. split; [exact r_rank|]. split; [exact r_le|].
  intros d. rewrite attainable_factors. apply iff.
Qed.
End Rank.

(* Under Assumption 1 contexts of one concept share a column. *)
Lemma rank_concepts {A J} (V : list A) kz (kc : J -> nat) a b p G :
  assumption_1 V kz kc a b p -> V <> nil -> (forall j, (kc j < G)%nat) ->
  exists r, rank V (centred_log V p) r /\ (r <= G)%nat.
Proof.
  intros two_rates V_nonempty below_G.
  set (column k y := ln (if Nat.eqb (kz y) k then a y else b y)).
  destruct (least_dimension V (centred_log V p) G) as [r [r_rank [r_le _]]];
    [|exists r; split; assumption].
  exists (fun z k => column k z - average (column k) V),
    (fun j => one_hot (kc j)).
  intros j z z_in. unfold dot.
  rewrite (sum_ext _ (fun k => one_hot (kc j) k
      * (column k z - average (column k) V))) by (intros; ring).
  rewrite one_hot_dot. simpl.
  assert (Nat.ltb (kc j) G = true) as -> by (apply Nat.ltb_lt, below_G).
  destruct two_rates as [_ [_ rates]]. unfold centred_log.
  rewrite (average_ext (fun y => ln (p j y)) (column (kc j)) V).
  - rewrite rates by exact z_in. reflexivity.
  - intros y y_in. rewrite rates by exact y_in. reflexivity.
Qed.
