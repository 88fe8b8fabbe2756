(* Definition 2.1: probabilities are shares of the pairs (context, token),
   and the mean loss over pairs is the cross-entropy over contexts. *)
From Coq Require Import Reals List Lra Lia.
From Steering Require Import Definitions Sum.
Open Scope R_scope.

(* Every element of l has one value in a list that names
   each once, so sums over l can be taken value by value. *)
Lemma sum_by_value {A B : Type} (value : A -> B) (same : forall x y : B,
    {x = y} + {x <> y}) (g : A -> R) l values :
  NoDup values -> (forall x, In x l -> In (value x) values) ->
  sum g l = sum (fun v => sum g
    (filter (fun x => if same (value x) v then true else false) l)) values.
Proof.
  intros values_once. induction l as [|x l IH]; intros l_in.
  - symmetry. apply sum_zero. reflexivity.
  - simpl sum at 1. rewrite IH by (intros; apply l_in; right; assumption).
    assert (One : forall c, sum (fun v => if same (value x) v then c else 0)
        values = c).
    { specialize (l_in x (or_introl eq_refl)). intros c. clear IH.
      induction values_once as [|v vs v_out vs_once IH]; [contradiction|].
      simpl. destruct (same (value x) v) as [->|off].
      - rewrite sum_zero; [ring|]. intros u u_in.
        destruct (same v u) as [->|_]; [contradiction|reflexivity].
      - destruct l_in as [E|l_in]; [congruence|].
        rewrite IH by exact l_in. ring. }
    rewrite <- (One (g x)) at 1. rewrite <- sum_plus. apply sum_ext.
    intros v _. simpl. destruct (same (value x) v); simpl; ring.
Qed.

Lemma sum_ones {A : Type} (l : list A) : sum (fun _ => 1) l = INR (length l).
Proof. rewrite sum_const. ring. Qed.

Section Counts.
Context {A J : Type}.
Variables (same_context : forall i j : J, {i = j} + {i <> j})
  (same_token : forall y z : A, {y = z} + {y <> z})
  (V : list A) (js : list J) (pairs : list (J * A)).
Hypothesis pairs_dataset : dataset V js pairs.

Notation of_context := (context_is same_context).
Notation of_token := (token_is same_token).
Notation of_context_count := (context_count same_context pairs).
Notation of_pair_count := (pair_count same_context same_token pairs).
Notation p := (next_token_share same_context same_token pairs).
Notation w := (context_share same_context pairs).

Lemma number_pos : 0 < INR (length pairs).
Proof. apply length_pos, pairs_dataset. Qed.

(* A context with no pairs has no pair with any token either. *)
Lemma share_count j z : w j * p j z = of_pair_count j z / INR (length pairs).
Proof.
  pose proof number_pos.
  unfold context_share, next_token_share, context_count, pair_count.
  destruct (filter (of_context j) pairs) as [|x l] eqn:E.
  - simpl. unfold Rdiv. ring.
  - assert (0 < INR (length (x :: l))) by (apply length_pos; discriminate).
    field. lra.
Qed.

Lemma counts_sum j : sum (of_pair_count j) V = of_context_count j.
Proof.
  unfold context_count, pair_count.
  rewrite <- sum_ones.
  destruct pairs_dataset as [V_once [_ [_ pairs_in]]].
  rewrite (sum_by_value snd same_token _ _ V V_once).
  - apply sum_ext. intros z _. rewrite sum_ones. reflexivity.
  - intros x x_in. apply filter_In in x_in. apply (pairs_in x (proj1 x_in)).
Qed.

Lemma context_counts_sum : sum of_context_count js = INR (length pairs).
Proof.
  rewrite <- sum_ones. destruct pairs_dataset as [_ [js_once [_ pairs_in]]].
  rewrite (sum_by_value fst same_context _ _ js js_once).
  - apply sum_ext. intros j _. rewrite sum_ones. reflexivity.
  - intros x x_in. apply (pairs_in x x_in).
Qed.

Lemma counted_law j :
  (forall z, In z V -> exists pair, In pair pairs /\ fst pair = j /\
    snd pair = z) -> V <> nil -> law V (p j).
Proof.
  intros seen V_nonempty.
  assert (Count : forall z, In z V -> 0 < of_pair_count j z).
  { intros z z_in. destruct (seen z z_in) as [pair [pair_in [Ej Ez]]].
    apply length_pos. intros E.
    assert (member : In pair
        (filter (of_token z) (filter (of_context j) pairs))).
    { apply filter_In. split; [apply filter_In; split; [exact pair_in|]|];
        unfold context_is, token_is;
        [destruct (same_context _ _)|destruct (same_token _ _)];
        congruence. }
    rewrite E in member. exact member. }
  assert (Total : 0 < of_context_count j)
    by (rewrite <- counts_sum; apply sum_pos; assumption).
  split.
  - intros z z_in. apply Rdiv_lt_0_compat; [exact (Count z z_in)|exact Total].
  - unfold next_token_share. rewrite sum_div, counts_sum. field. lra.
Qed.

Lemma counted_weights :
  (forall j, In j js -> exists pair, In pair pairs /\ fst pair = j) ->
  weights js w.
Proof.
  intros seen. pose proof number_pos. split.
  - intros j j_in. destruct (seen j j_in) as [pair [pair_in Ej]].
    apply Rdiv_lt_0_compat; [|assumption]. apply length_pos. intros E.
    assert (member : In pair (filter (of_context j) pairs)).
    { apply filter_In. split; [exact pair_in|]. unfold context_is.
      destruct (same_context _ _); congruence. }
    rewrite E in member. exact member.
  - unfold context_share. rewrite sum_div, context_counts_sum. field. lra.
Qed.

Lemma counted_cross_entropy q :
  pairs_cross_entropy pairs q = cross_entropy V js w p q.
Proof.
  pose proof number_pos.
  destruct pairs_dataset as [V_once [js_once [_ pairs_in]]].
  unfold pairs_cross_entropy, cross_entropy, average. f_equal.
  rewrite (sum_by_value fst same_context _ _ js js_once)
    by (intros x x_in; apply (pairs_in x x_in)).
  unfold Rdiv. rewrite <- sum_scal_r. apply sum_ext. intros j _.
  rewrite (sum_by_value snd same_token _ _ V V_once)
    by (intros x x_in; apply filter_In in x_in; apply (pairs_in x), x_in).
  rewrite <- sum_scal_r, <- sum_scal. apply sum_ext. intros z _.
  rewrite <- Rmult_assoc, share_count.
  rewrite (sum_ext _ (fun _ => ln (q j z))).
  - rewrite sum_const. unfold pair_count, context_is, token_is,
      Rdiv. ring.
  - intros x x_in. apply filter_In in x_in. destruct x_in as [x_in Ez].
    apply filter_In in x_in. destruct x_in as [_ Ej].
    destruct (same_context (fst x) j) as [<-|_]; [|discriminate].
    destruct (same_token (snd x) z) as [<-|_]; [reflexivity|discriminate].
Qed.
End Counts.
