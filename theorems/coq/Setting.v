(* Carrying facts about the tilt over to the paper's trained, steered model. *)
From Coq Require Import Reals List Arith Lra Lia.
From Steering Require Import Definitions Sum Calculus Infinity Tilt Limits Bump CrossEntropy Concepts Model Dataset Signs.
Open Scope R_scope.

(* ---- Pointwise equal curves (up to a constant) share their shape ---- *)

Lemma peak_shift f g c s : (forall x, g x = f x - c) -> peak f s -> peak g s.
Proof.
  intros E. destruct s as [|a|]; simpl; unfold decreasing, increasing, increasing_until, decreasing_from.
  - intros F x y H. rewrite !E. specialize (F x y H). lra.
  - intros [F G]. split; intros x y H1 H2; rewrite !E; [specialize (F x y H1 H2)|specialize (G x y H1 H2)]; lra.
  - intros F x y H. rewrite !E. specialize (F x y H). lra.
Qed.

Lemma peak_shift_iff f g c s : (forall x, g x = f x - c) -> (peak f s <-> peak g s).
Proof.
  intros E. split; [apply (peak_shift f g c); exact E|]. apply (peak_shift g f (- c)). intros x. rewrite E. ring.
Qed.

Lemma increasing_ext f g : (forall x, g x = f x) -> increasing f -> increasing g.
Proof. intros E F x y H. rewrite !E. apply F; exact H. Qed.

Lemma decreasing_ext f g : (forall x, g x = f x) -> decreasing f -> decreasing g.
Proof. intros E F x y H. rewrite !E. apply F; exact H. Qed.

Lemma tends_minus_ext f g l : (forall x, f x = g x) -> tends_minus f l -> tends_minus g l.
Proof. intros E F. apply tends_mirror. apply tends_mirror in F. apply (tends_ext (fun x => f (- x))); [intros; apply E|exact F]. Qed.

Lemma increase_peak {A} (V : list A) p M z s :
  peak (fun alpha => tilt V p M alpha z) s <-> peak (probability_increase V p M z) s.
Proof. apply (peak_shift_iff _ _ (p z)). reflexivity. Qed.

(* ---- The steered model is the tilt of its own law ---- *)

Section Setting.
Context {A J : Type}.
Variables (V : list A) (kz : A -> nat) (kc : J -> nat) (a b : A -> R) (p : J -> A -> R)
  (d : nat) (W : A -> nat -> R) (H : J -> nat -> R) (P N : list J) (target : nat).
Hypothesis HS : paper_setting V kz kc a b p d W H P N target.

Notation M := (log_odds p P N).
Notation T := (in_target kz target).

Lemma setting_assumption : assumption_1 V kz kc a b p. Proof. apply HS. Qed.
Lemma setting_sets : steering_sets kc target P N. Proof. apply HS. Qed.
Lemma setting_proper : proper T V. Proof. apply HS. Qed.
Lemma setting_law j : law V (p j). Proof. apply (rates_law V kz kc a b p setting_assumption). Qed.
Lemma setting_nonempty : V <> nil. Proof. apply (paper_nonempty V kz target setting_proper). Qed.
Lemma setting_varies : varies V M.
Proof. apply (paper_varies V kz kc a b p P N target setting_assumption setting_sets setting_proper). Qed.
Lemma setting_separated : separated T V M.
Proof. apply (steering_separated V kz kc a b p P N setting_assumption target setting_sets). Qed.

Lemma setting_tilt j alpha z : In z V -> steered_law V d W H P N j alpha z = tilt V (p j) M alpha z.
Proof. intros Hz. apply steered_tilt; try assumption; [apply setting_nonempty|apply HS|apply setting_sets..]. Qed.

Lemma setting_increase j alpha z : In z V ->
  steered_increase V d W H P N p j z alpha = probability_increase V (p j) M z alpha.
Proof. intros Hz. unfold steered_increase, probability_increase. rewrite setting_tilt by exact Hz. reflexivity. Qed.

Lemma setting_peak j z s : In z V ->
  (peak (fun alpha => tilt V (p j) M alpha z) s <-> peak (steered_increase V d W H P N p j z) s).
Proof. intros Hz. apply (peak_shift_iff _ _ (p j z)). intros alpha. rewrite setting_increase by exact Hz. reflexivity. Qed.

Lemma setting_concept j C alpha :
  steered_concept_increase V d W H P N p j C alpha = concept_increase V (p j) M C alpha.
Proof. apply average_ext. intros z Hz. apply members_in in Hz. apply setting_increase, Hz. Qed.

Lemma setting_loss js w alpha :
  steered_loss_increase V d W H P N p js w alpha = cross_entropy_increase V js w p M alpha.
Proof.
  unfold steered_loss_increase, cross_entropy_increase, cross_entropy. f_equal; f_equal; apply sum_ext; intros j _;
    f_equal; apply sum_ext; intros z Hz.
  - rewrite setting_tilt by exact Hz. reflexivity.
  - destruct HS as [_ [Tr _]]. rewrite Tr by exact Hz. reflexivity.
Qed.

(* The largest log-odds belongs to a target token, the smallest to another. *)
Lemma setting_top z top : highest V M top -> In z V -> M z = top -> kz z = target.
Proof.
  intros Ht Hz E. destruct (Nat.eq_dec (kz z) target) as [K|K]; [exact K|]. exfalso.
  destruct setting_proper as [[y [Hy Ty]] _]. pose proof (proj2 Ht y Hy).
  pose proof (setting_separated z y Hz Hy (proj2 (Nat.eqb_neq _ _) K) Ty). lra.
Qed.
End Setting.

(* The setting determines its parts: pass the hypothesis alone. *)
Arguments setting_assumption {A J V kz kc a b p d W H P N target} HS : rename.
Arguments setting_sets {A J V kz kc a b p d W H P N target} HS : rename.
Arguments setting_proper {A J V kz kc a b p d W H P N target} HS : rename.
Arguments setting_law {A J V kz kc a b p d W H P N target} HS : rename.
Arguments setting_nonempty {A J V kz kc a b p d W H P N target} HS : rename.
Arguments setting_varies {A J V kz kc a b p d W H P N target} HS : rename.
Arguments setting_separated {A J V kz kc a b p d W H P N target} HS : rename.
Arguments setting_tilt {A J V kz kc a b p d W H P N target} HS : rename.
Arguments setting_increase {A J V kz kc a b p d W H P N target} HS : rename.
Arguments setting_peak {A J V kz kc a b p d W H P N target} HS : rename.
Arguments setting_concept {A J V kz kc a b p d W H P N target} HS : rename.
Arguments setting_loss {A J V kz kc a b p d W H P N target} HS : rename.
Arguments setting_top {A J V kz kc a b p d W H P N target} HS : rename.

(* ---- Bounds for alpha of either sign, from those for alpha >= 0 ---- *)

Lemma either_sign {A J} (V : list A) (js : list J) w p (M : A -> R) alpha :
  exists M', (M' = M \/ M' = fun z => - M z) /\
  cross_entropy_increase V js w p M alpha = cross_entropy_increase V js w p M' (Rabs alpha) /\
  pooled_variance V js w p M' 0 = pooled_variance V js w p M 0 /\
  forall range, ranges V M range -> ranges V M' range.
Proof.
  destruct (Rle_lt_dec 0 alpha) as [H|H].
  - exists M. rewrite Rabs_right by lra. auto.
  - exists (fun z => - M z). rewrite Rabs_left by exact H. rewrite <- increase_mirror, Ropp_involutive.
    split; [auto|]. split; [reflexivity|]. split; [apply pooled_variance_mirror|]. intros; apply ranges_mirror; assumption.
Qed.
