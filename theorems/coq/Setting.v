(* Carrying facts about the tilt over to the paper's trained, steered model. *)
From Coq Require Import Reals List Arith Lra Lia FunctionalExtensionality.
From Steering Require Import Definitions Sum Calculus Infinity Tilt Limits Bump
  CrossEntropy Concepts Saturation Model Dataset Signs.
Open Scope R_scope.

(* ---- Steering along c v ---- *)

Lemma scaled_vector {A J} (V : list A) d W (H : J -> nat -> R) P N p c j z s :
  c <> 0 ->
  (peak (steered_increase V d W H P N p j z) s <->
   peak (fun alpha => softmax V (logits d W
     (fun i => H j i + alpha * (c * steering_vector H P N i))) z - p j z)
     (divided s c)).
Proof.
  intros c_nonzero. rewrite (divided_peak_iff _ s c c_nonzero).
  apply (peak_shift_iff _ _ 0). intros alpha. unfold steered_increase.
  rewrite steered_scaled. ring.
Qed.

(* ---- The steered model is the tilt of its own distribution ---- *)

(* The paper's setting is the case of one rate for all contexts:
   facts about the general one take either. *)
Lemma paper_varying {A J} (V : list A) kz (kc : J -> nat) a b p d W H P N
    target : paper_setting V kz kc a b p d W H P N target ->
  varying_setting V kz kc (fun _ => a) b p d W H P N target.
Proof.
  intros setting. split; try apply setting.
  exact (rates_varying V kz kc a b p (setting_assumption setting)).
Qed.
Coercion paper_varying : paper_setting >-> varying_setting.

Lemma special_case {A J} (V : list A) kz (kc : J -> nat) a b p :
  (J -> (assumption_1 V kz kc a b p <->
    assumption_1_varying V kz kc (fun _ => a) b p)) /\
  forall d W H P N target, paper_setting V kz kc a b p d W H P N target <->
    varying_setting V kz kc (fun _ => a) b p d W H P N target.
Proof.
  assert (Back : J -> assumption_1_varying V kz kc (fun _ => a) b p ->
      assumption_1 V kz kc a b p)
    by (intros j [between others]; split; [exact (between j)|exact others]).
  split.
  - intros j. split; [apply rates_varying|exact (Back j)].
  - intros. split; [apply paper_varying|]. intros setting.
    destruct (varying_sets setting) as [P_nonempty _].
    destruct (nonempty_in P P_nonempty) as [j _].
    split; try apply setting. exact (Back j (varying_assumption setting)).
Qed.

(* The setting determines its parameters: pass the hypothesis alone. *)
Section Setting.
Context {A J : Type} {V : list A} {kz : A -> nat} {kc : J -> nat}
  {a : J -> A -> R} {b : A -> R} {p : J -> A -> R} {d : nat}
  {W : A -> nat -> R} {H : J -> nat -> R} {P N : list J} {target : nat}.
Hypothesis setting : varying_setting V kz kc a b p d W H P N target.

Notation M := (log_odds p P N).
Notation T := (in_target kz target).

Lemma setting_law j : law V (p j).
Proof. exact (varying_law V kz kc a b p j (varying_assumption setting)). Qed.
Lemma setting_nonempty : V <> nil.
Proof. apply (paper_nonempty V kz target (varying_proper setting)). Qed.
Lemma setting_sign z : In z V -> (0 < M z <-> kz z = target).
Proof.
  destruct (varying_assumption setting) as [above [_ rates]].
  apply (varying_sign V kz kc a b p P N target); [|exact rates|].
  - intros j y y_in. apply above, y_in.
  - apply (varying_sets setting).
Qed.
Lemma setting_separated : separated T V M.
Proof.
  destruct (varying_assumption setting) as [above [_ rates]].
  apply (varying_separated V kz kc a b p P N target); [|exact rates|].
  - intros j z z_in. apply above, z_in.
  - apply (varying_sets setting).
Qed.
Lemma setting_varies : varies V M.
Proof.
  exact (separated_varies V M T (varying_proper setting) setting_separated).
Qed.
Lemma setting_margin : exists delta range, 0 < delta /\
  margin T V M delta /\ ranges V M range.
Proof.
  exact (separated_margin V M T (varying_proper setting) setting_separated).
Qed.

Lemma setting_tilt j alpha z : In z V ->
  steered_law V d W H P N j alpha z = tilt V (p j) M alpha z.
Proof.
  intros z_in.
  apply steered_tilt; try assumption;
    [apply setting_nonempty|apply setting|apply (varying_sets setting)..].
Qed.

Lemma setting_increase j z : In z V ->
  steered_increase V d W H P N p j z = probability_increase V (p j) M z.
Proof.
  intros z_in. apply functional_extensionality. intros alpha.
  unfold steered_increase. rewrite setting_tilt by exact z_in. reflexivity.
Qed.

Lemma setting_concept j C :
  steered_concept_increase V d W H P N p j C = concept_increase V (p j) M C.
Proof.
  apply functional_extensionality. intros alpha. apply average_ext.
  intros z z_in. apply members_in in z_in.
  rewrite setting_increase by apply z_in. reflexivity.
Qed.

Lemma setting_loss js w :
  steered_loss_increase V d W H P N p js w = cross_entropy_increase V js w p M.
Proof.
  apply functional_extensionality. intros alpha.
  unfold steered_loss_increase, embedding_loss, cross_entropy_increase,
    cross_entropy.
  f_equal; f_equal; apply sum_ext; intros j _;
    f_equal; apply sum_ext; intros z z_in.
  - rewrite setting_tilt by exact z_in. reflexivity.
  - rewrite (varying_trained setting) by exact z_in. reflexivity.
Qed.

(* Every target token has larger log-odds than every other token. *)
Lemma setting_later y z : In y V -> In z V -> kz y <> target -> kz z = target ->
  M y < M z.
Proof.
  intros y_in z_in y_off z_on. apply setting_separated; try assumption;
    [apply Nat.eqb_neq; exact y_off|apply Nat.eqb_eq; exact z_on].
Qed.

(* So the largest log-odds belongs to a target token, the smallest to
   another. *)
Lemma setting_highest z : In z V -> (forall y, In y V -> M y <= M z) ->
  kz z = target.
Proof.
  intros z_in M_below.
  destruct (Nat.eq_dec (kz z) target) as [z_on|z_off]; [exact z_on|exfalso].
  destruct (varying_proper setting) as [[y [y_in y_on]] _].
  apply Nat.eqb_eq in y_on. specialize (M_below y y_in).
  pose proof (setting_later z y z_in y_in z_off y_on). lra.
Qed.

Lemma setting_lowest z : In z V -> (forall y, In y V -> M z <= M y) ->
  kz z <> target.
Proof.
  intros z_in M_above z_on.
  destruct (varying_proper setting) as [_ [y [y_in y_off]]].
  apply Bool.negb_true_iff, Nat.eqb_neq in y_off. specialize (M_above y y_in).
  pose proof (setting_later y z y_in z_in y_off z_on). lra.
Qed.

(* A token that is not the lowest, with log-odds below the mean at 0, peaks at
   a negative strength. *)
Lemma setting_negative_peak j z : In z V -> (exists y, In y V /\ M y < M z) ->
  M z < mean V (p j) M 0 ->
  exists c, peak (steered_increase V d W H P N p j z) (finite c) /\ c < 0.
Proof.
  intros z_in [y [y_in y_lower]] below_mean.
  rewrite (setting_increase j z z_in).
  pose proof (proj1 (setting_law j)) as positive.
  destruct (peak_exists_unique V (p j) M positive setting_nonempty
      setting_varies z z_in) as [s [s_peaks _]].
  pose proof (proj2 (peak_negative V (p j) M positive setting_nonempty
      setting_varies z s z_in s_peaks) below_mean) as negative.
  destruct s as [|c|]; simpl in negative; [exfalso| |contradiction].
  - pose proof (peak_located V (p j) M positive setting_nonempty
      setting_varies z _ z_in s_peaks y y_in). lra.
  - exists c. split; [apply increase_peak; exact s_peaks|exact negative].
Qed.
End Setting.
