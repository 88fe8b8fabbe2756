(* Derivatives of every order: cumulants, complete Bell
   polynomials, and the tilt, the concept and the loss by them. *)
From Coq Require Import Reals List Arith Lra Lia.
From Steering Require Import Definitions Sum Calculus Tilt CrossEntropy.
Open Scope R_scope.

(* ---- The recursions ---- *)

Lemma before_value step n i : (i < n)%nat -> before step n i = recursive step i.
Proof.
  induction n as [|n IH]; intros i_lt; [lia|]. simpl.
  destruct (Nat.eqb_spec i n) as [->|Ne]; [reflexivity|]. apply IH. lia.
Qed.

Lemma sum_last f n : sum f (seq 0 (S n)) = sum f (seq 0 n) + f n.
Proof.
  rewrite seq_S. generalize (seq 0 n) as l.
  induction l as [|x l IH]; simpl; [ring|]. simpl in IH. rewrite IH. ring.
Qed.

Lemma sum_first f n :
  sum f (seq 0 (S n)) = f 0%nat + sum (fun i => f (S i)) (seq 0 n).
Proof.
  change (seq 0 (S n)) with (0%nat :: seq 1 n). rewrite <- seq_shift. simpl.
  f_equal.
  induction (seq 0 n) as [|x l IH]; simpl; [reflexivity|]. rewrite IH.
  reflexivity.
Qed.

Lemma bell_zero x : bell x 0 = 1. Proof. reflexivity. Qed.

Lemma bell_step x k :
  bell x (S k) =
    sum (fun i => Binomial.C k i * bell x (k - i) * x (S i)) (seq 0 (S k)).
Proof.
  unfold bell at 1, recursive at 1. apply sum_ext. intros i i_in.
  apply in_seq in i_in. rewrite before_value by lia. reflexivity.
Qed.

Lemma choose_zero n : Binomial.C n 0 = 1.
Proof.
  unfold Binomial.C. rewrite Nat.sub_0_r. change (INR (fact 0)) with 1. field.
  apply INR_fact_neq_0.
Qed.

Lemma choose_full n : Binomial.C n n = 1.
Proof. rewrite pascal_step1, Nat.sub_diag by lia. apply choose_zero. Qed.

(* Pascal's rule, summed: the last term apart, and with it. *)
Lemma pascal_sum (a : nat -> R) n :
  sum (fun i => Binomial.C (S n) i * a i) (seq 0 (S n)) =
  sum (fun i => Binomial.C n i * (a i + a (S i))) (seq 0 n) + a n.
Proof.
  assert (E : sum (fun i => Binomial.C n i * a i) (seq 0 n) + a n
      = a 0%nat + sum (fun i => Binomial.C n (S i) * a (S i)) (seq 0 n)).
  { transitivity (sum (fun i => Binomial.C n i * a i) (seq 0 (S n)));
      [rewrite sum_last, choose_full|rewrite sum_first, choose_zero]; ring. }
  rewrite sum_first, choose_zero.
  rewrite (sum_ext (fun i => Binomial.C n i * (a i + a (S i))) (fun i =>
      Binomial.C n i * a i + Binomial.C n i * a (S i))) by (intros; ring).
  rewrite (sum_ext (fun i => Binomial.C (S n) (S i) * a (S i))
    (fun i => Binomial.C n i * a (S i) + Binomial.C n (S i) * a (S i))).
  2: { intros i i_in. apply in_seq in i_in. rewrite <- pascal by lia. ring. }
  rewrite !sum_plus. lra.
Qed.

Lemma pascal_sum_full (a : nat -> R) n :
  sum (fun i => Binomial.C (S n) i * a i) (seq 0 (S (S n))) =
  sum (fun i => Binomial.C n i * (a i + a (S i))) (seq 0 (S n)).
Proof. rewrite sum_last, pascal_sum, sum_last, !choose_full. ring. Qed.

(* ---- If x_i' = x_{i+1} for i >= 1, then B_n' = B_{n+1} - x_1 B_n ---- *)

Lemma bell_derivative (x : nat -> R -> R) alpha :
  (forall i, derivable_pt_lim (x (S i)) alpha (x (S (S i)) alpha)) ->
  forall n, derivable_pt_lim (fun t => bell (fun i => x i t) n) alpha
    (bell (fun i => x i alpha) (S n)
      - x 1%nat alpha * bell (fun i => x i alpha) n).
Proof.
  intros Dx. set (b := bell (fun i => x i alpha)).
  induction n as [n IH] using lt_wf_ind. destruct n as [|k].
  - apply (derivable_value _ _ 0); [apply derivable_pt_lim_const|].
    unfold b. rewrite bell_step, sum_last, choose_zero, !bell_zero. simpl. ring.
  - apply (derivable_ext (fun t => sum (fun i => Binomial.C k i *
        (bell (fun i => x i t) (k - i) * x (S i) t)) (seq 0 (S k)))).
    { intros t. rewrite bell_step. apply sum_ext; intros; ring. }
    eapply derivable_value.
    + apply (derivable_sum (fun t i => Binomial.C k i *
          (bell (fun i => x i t) (k - i) * x (S i) t))
          (fun i => Binomial.C k i * ((b (S (k - i)) - x 1%nat alpha *
          b (k - i)%nat) * x (S i) alpha + b (k - i)%nat * x (S (S i)) alpha))).
      intros i i_in. apply in_seq in i_in.
      apply derivable_scal, derivable_mult; [apply IH; lia|apply Dx].
    + set (a := fun i => b (S k - i)%nat * x (S i) alpha).
      replace (b (S (S k)))
        with (sum (fun i => Binomial.C k i * (a i + a (S i))) (seq 0 (S k))).
      2: { rewrite <- pascal_sum_full. unfold b at 1. rewrite bell_step.
           apply sum_ext. intros i _. unfold a, b. ring. }
      replace (b (S k)) with (sum (fun i => Binomial.C k i
          * b (k - i)%nat * x (S i) alpha) (seq 0 (S k)))
        by (unfold b; rewrite bell_step; reflexivity).
      rewrite <- sum_scal, <- sum_minus. apply sum_ext. intros i i_in.
      apply in_seq in i_in.
      unfold a. replace (S k - i)%nat with (S (k - i)) by lia.
      replace (S k - S i)%nat with (k - i)%nat by lia. ring.
Qed.

(* So a curve with f' = f x_1 has f^(n) = f B_n(x). *)
Lemma bell_derivatives (f : R -> R) (x : nat -> R -> R) :
  (forall alpha, derivable_pt_lim f alpha (f alpha * x 1%nat alpha)) ->
  (forall i alpha, derivable_pt_lim (x (S i)) alpha (x (S (S i)) alpha)) ->
  derivatives f (fun n alpha => f alpha * bell (fun i => x i alpha) n).
Proof.
  intros Df Dx. split; [intros; rewrite bell_zero; ring|]. intros n alpha.
  eapply derivable_value.
  - apply derivable_mult; [apply Df|apply bell_derivative; intros; apply Dx].
  - cbv beta. ring.
Qed.

(* ---- Raw moments and cumulants ---- *)

Section Cumulants.
Context {A : Type}.
Variables (V : list A) (p M : A -> R).
Hypothesis p_positive : positive V p.
Hypothesis V_nonempty : V <> nil.

Notation m := (raw_moment V p M).
Notation kappa := (cumulant V p M).

Lemma cumulant_step k alpha :
  kappa (S k) alpha = m (S k) alpha - sum
    (fun i => Binomial.C k i * kappa (S i) alpha * m (k - i) alpha) (seq 0 k).
Proof.
  unfold cumulant at 1, recursive at 1. f_equal. apply sum_ext. intros i i_in.
  apply in_seq in i_in. rewrite before_value by lia. reflexivity.
Qed.

Lemma raw_moment_zero alpha : m 0 alpha = 1.
Proof.
  unfold raw_moment. simpl. apply (expect_const V p M p_positive V_nonempty).
Qed.

Lemma raw_moment_one alpha : m 1 alpha = mean V p M alpha.
Proof. apply expect_ext. intros; ring. Qed.

Lemma cumulant_one alpha : kappa 1 alpha = mean V p M alpha.
Proof. rewrite cumulant_step, raw_moment_one. simpl. ring. Qed.

(* The cumulant recursion is Bell's: m_n = B_n(kappa_1, ..., kappa_n). *)
Lemma raw_moment_bell alpha n : m n alpha = bell (fun i => kappa i alpha) n.
Proof.
  induction n as [n IH] using lt_wf_ind.
  destruct n as [|k]; [rewrite raw_moment_zero; reflexivity|].
  rewrite bell_step, sum_last, choose_full, Nat.sub_diag, bell_zero,
    cumulant_step.
  rewrite (sum_ext (fun i => Binomial.C k i * kappa (S i) alpha
      * m (k - i) alpha) (fun i => Binomial.C k i * bell
      (fun i => kappa i alpha) (k - i) * kappa (S i) alpha)); [ring|].
  intros i i_in. apply in_seq in i_in. rewrite IH by lia. ring.
Qed.

Lemma raw_moment_derivative n alpha :
  derivable_pt_lim (m n) alpha (m (S n) alpha - kappa 1 alpha * m n alpha).
Proof.
  eapply derivable_value;
    [apply (expect_derivative V p M p_positive V_nonempty)|].
  rewrite cumulant_one. unfold raw_moment.
  rewrite (expect_ext V p M (fun z => (M z - mean V p M alpha) * M z ^ n)
      (fun z => M z ^ S n + - mean V p M alpha * M z ^ n))
    by (intros; simpl; ring). rewrite expect_plus, expect_scal. ring.
Qed.

Lemma cumulant_derivative n alpha :
  derivable_pt_lim (kappa (S n)) alpha (kappa (S (S n)) alpha).
Proof.
  induction n as [n IH] using lt_wf_ind.
  apply (derivable_ext (fun t => m (S n) t - sum
      (fun i => Binomial.C n i * (kappa (S i) t * m (n - i) t)) (seq 0 n))).
  { intros t. rewrite cumulant_step. f_equal. apply sum_ext; intros; ring. }
  eapply derivable_value.
  - apply derivable_minus; [apply raw_moment_derivative|].
    apply (derivable_sum
        (fun t i => Binomial.C n i * (kappa (S i) t * m (n - i) t)) (fun i =>
        Binomial.C n i * (kappa (S (S i)) alpha * m (n - i) alpha + kappa (S i)
        alpha * (m (S (n - i)) alpha - kappa 1 alpha * m (n - i) alpha)))).
    intros i i_in. apply in_seq in i_in.
    apply derivable_scal, derivable_mult;
      [apply IH; lia|apply raw_moment_derivative].
  - set (a := fun i => kappa (S i) alpha * m (S n - i) alpha).
    rewrite (sum_ext _ (fun i => Binomial.C n i * (a i + a (S i)) - kappa 1
        alpha * (Binomial.C n i * kappa (S i) alpha * m (n - i) alpha))).
    2: { intros i i_in. apply in_seq in i_in. unfold a.
         replace (S n - i)%nat with (S (n - i)) by lia.
         replace (S n - S i)%nat with (n - i)%nat by lia. ring. }
    rewrite sum_minus, sum_scal, (cumulant_step (S n)).
    rewrite (sum_ext
        (fun i => Binomial.C (S n) i * kappa (S i) alpha * m (S n - i) alpha)
        (fun i => Binomial.C (S n) i * a i)) by (intros; unfold a; ring).
    assert (a n = kappa (S n) alpha * kappa 1 alpha) as Last.
    { unfold a. replace (S n - n)%nat with 1%nat by lia.
      rewrite raw_moment_one, cumulant_one. reflexivity. }
    rewrite pascal_sum, Last. pose proof (cumulant_step n alpha) as E.
    set (s := sum (fun i => Binomial.C n i * kappa (S i) alpha *
        m (n - i) alpha) (seq 0 n)) in *.
    replace (m (S n) alpha) with (kappa (S n) alpha + s) by lra. ring.
Qed.

Lemma cumulants_derivatives : derivatives (log_partition V p M) kappa.
Proof.
  split; [reflexivity|]. intros [|n] alpha; [|apply cumulant_derivative].
  rewrite cumulant_one.
  exact (log_partition_derivative V p M p_positive V_nonempty alpha).
Qed.

Lemma cumulant_two alpha : kappa 2 alpha = variance V p M alpha.
Proof.
  apply (uniqueness_limite (mean V p M) alpha);
    [|apply mean_derivative; assumption].
  apply (derivable_ext (kappa 1));
    [apply cumulant_one|apply cumulant_derivative].
Qed.

Lemma cumulant_three alpha : kappa 3 alpha = moment V p M alpha 3.
Proof.
  apply (uniqueness_limite (variance V p M) alpha);
    [|apply variance_derivative; assumption].
  apply (derivable_ext (kappa 2));
    [apply cumulant_two|apply cumulant_derivative].
Qed.

(* ---- One token, and a set of tokens ---- *)

Lemma cumulants_all :
  derivatives (log_partition V p M) (cumulant V p M) /\
  (forall k alpha, cumulant V p M (S k) alpha = raw_moment V p M (S k) alpha
     - sum (fun i => Binomial.C k i * cumulant V p M (S i) alpha *
       raw_moment V p M (k - i) alpha) (seq 0 k)) /\
  (forall n alpha, raw_moment V p M n alpha =
    bell (fun i => cumulant V p M i alpha) n) /\
  (forall alpha, cumulant V p M 1 alpha = mean V p M alpha /\
     cumulant V p M 2 alpha = variance V p M alpha /\
     cumulant V p M 3 alpha = moment V p M alpha 3).
Proof.
  split; [exact cumulants_derivatives|]. split; [exact cumulant_step|].
  split; [exact (fun n alpha => raw_moment_bell alpha n)|].
  intros alpha. split; [exact (cumulant_one alpha)|].
  split; [exact (cumulant_two alpha)|exact (cumulant_three alpha)].
Qed.

Lemma tilt_derivatives z : derivatives (fun alpha => tilt V p M alpha z)
    (fun n alpha => tilt V p M alpha z *
  bell (fun i => match i with 1%nat => M z - kappa 1 alpha
    | _ => - kappa i alpha end) n).
Proof.
  apply (bell_derivatives _ (fun i t => match i with 1%nat => M z - kappa 1 t
      | _ => - kappa i t end)).
  - intros alpha. rewrite cumulant_one.
    apply (tilt_derivative V p M p_positive V_nonempty).
  - intros [|i] alpha.
    + eapply derivable_value; [apply derivable_minus;
          [apply derivable_pt_lim_const|apply cumulant_derivative]|ring].
    + apply (derivable_pt_lim_opp (kappa (S (S i)))), cumulant_derivative.
Qed.
End Cumulants.

Section Concept.
Context {A : Type}.
Variables (V : list A) (p M : A -> R) (C : A -> bool).
Hypothesis p_positive : positive V p.
Hypothesis C_inhabited : inhabited C V.

Lemma concept_positive : positive (members C V) p.
Proof. intros z z_in. apply members_in in z_in. apply p_positive, z_in. Qed.

Lemma concept_whole : V <> nil.
Proof.
  destruct C_inhabited as [z [z_in _]]. intros E. rewrite E in z_in. exact z_in.
Qed.

(* F_C' = F_C (E[M | C] - E[M]): a quotient of two partition functions. *)
Lemma concept_derivative alpha : derivable_pt_lim (mass V p M C) alpha
  (mass V p M C alpha * (mean (members C V) p M alpha - mean V p M alpha)).
Proof.
  assert (C_nonempty := members_nonempty C V C_inhabited).
  pose proof (partition_pos V p M p_positive concept_whole alpha) as Z.
  apply (derivable_ext
      (fun t => partition (members C V) p M t / partition V p M t)).
  { intros t. unfold mass, tilt. rewrite sum_div. reflexivity. }
  eapply derivable_value.
  - apply (derivable_pt_lim_div
        (partition (members C V) p M) (partition V p M));
      [apply (partition_derivative _ _ _ concept_positive C_nonempty)
        |apply (partition_derivative _ _ _ p_positive concept_whole)|lra].
  - replace (mass V p M C alpha)
      with (partition (members C V) p M alpha / partition V p M alpha)
      by (unfold mass, tilt; rewrite sum_div; reflexivity).
    unfold Rsqr. field. lra.
Qed.

Lemma concept_derivatives :
  derivatives (mass V p M C) (fun n alpha => mass V p M C alpha *
  bell
    (fun i => cumulant (members C V) p M i alpha - cumulant V p M i alpha) n).
Proof.
  assert (C_nonempty := members_nonempty C V C_inhabited).
  apply (bell_derivatives _
      (fun i t => cumulant (members C V) p M i t - cumulant V p M i t)).
  - intros alpha. rewrite !cumulant_one. apply concept_derivative.
  - intros i alpha. apply derivable_minus; apply cumulant_derivative;
      (assumption || apply concept_positive || apply concept_whole).
Qed.
End Concept.

(* ---- The loss ---- *)

Lemma loss_derivatives {A J} (V : list A) (js : list J) w p M : laws V js p ->
  weights js w ->
  derivatives (cross_entropy_increase V js w p M) (fun n alpha =>
    match n with
    | O => cross_entropy_increase V js w p M alpha
    | 1%nat => sum
      (fun j => w j * (cumulant V (p j) M 1 alpha - cumulant V (p j) M 1 0)) js
    | _ => sum (fun j => w j * cumulant V (p j) M n alpha) js
    end).
Proof.
  intros p_laws w_weights.
  assert (V_nonempty := V_nonempty V js w p p_laws w_weights).
  assert (p_positive : forall j, In j js -> positive V (p j))
    by (intros j j_in; apply (p_laws j j_in)).
  split; [reflexivity|]. intros [|[|n]] alpha.
  - eapply derivable_value; [apply increase_derivative; assumption|].
    apply sum_ext. intros. rewrite !cumulant_one. reflexivity.
  - apply (derivable_sum
        (fun t j => w j * (cumulant V (p j) M 1 t - cumulant V (p j) M 1 0))).
    intros j j_in. apply derivable_scal.
    eapply derivable_value; [apply derivable_minus;
        [apply cumulant_derivative; auto|apply derivable_pt_lim_const]|ring].
  - apply (derivable_sum (fun t j => w j * cumulant V (p j) M (S (S n)) t)).
    intros j j_in. apply derivable_scal, cumulant_derivative; auto.
Qed.
