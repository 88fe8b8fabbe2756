(* The longer proofs of theorems in the paper's setting. *)
From Coq Require Import Reals List Arith Lra Lia FunctionalExtensionality.
From Steering Require Import Definitions Sum Calculus Infinity Tilt Limits Bump
  CrossEntropy Concepts Saturation Feasible Model Dataset Signs Setting.
Open Scope R_scope.

(* ---- All contexts of P share one distribution, and all of N another ---- *)

Section OneLaw.
Context {A J : Type}.
Variables (V : list A) (d : nat) (W : A -> nat -> R) (H : J -> nat -> R)
  (p : J -> A -> R) (P N : list J) (j k : J).
Hypothesis V_nonempty : V <> nil.
Hypothesis model_trained : trained V d W H p.
Hypothesis P_nonempty : P <> nil.
Hypothesis N_nonempty : N <> nil.
Hypothesis P_one : forall i, In i P -> forall y, In y V -> p i y = p k y.
Hypothesis N_one : forall i, In i N -> forall y, In y V -> p i y = p j y.

Lemma one_law_path z : In z V ->
  (forall alpha,
    steered_law V d W H P N j alpha z = geometric V (p k) (p j) alpha z) /\
  steered_law V d W H P N j 1 z = p k z /\
  (forall alpha, steered_law V d W H P N j (alpha + 1) z =
    steered_law V d W H P N k alpha z).
Proof.
  intros z_in.
  assert (Law := trained_law V d W H p V_nonempty model_trained).
  destruct (geometric_path_ends V (p k) (p j) (log_odds p P N) 0 (Law k) (Law j)
      (fun y y_in => log_odds_path V p P N j k y P_nonempty N_nonempty P_one
        N_one y_in) z z_in) as [path [_ [one shift]]].
  assert (E : forall i alpha, steered_law V d W H P N i alpha z =
      tilt V (p i) (log_odds p P N) alpha z)
    by (intros; apply steered_tilt; assumption).
  split; [|split]; [intros alpha| |intros alpha]; rewrite !E; auto.
Qed.

Lemma one_law_peaks z c : In z V ->
  peak (steered_increase V d W H P N p k z) (finite c) ->
  peak (steered_increase V d W H P N p j z) (finite (c + 1)).
Proof.
  intros z_in [Up Down]. destruct (one_law_path z z_in) as [_ [_ Shift]].
  assert (E : forall x, steered_increase V d W H P N p j z x =
      steered_increase V d W H P N p k z (x - 1) + (p k z - p j z)).
  { intros x. unfold steered_increase. rewrite <- (Shift (x - 1)).
    replace (x - 1 + 1) with x by ring. ring. }
  split; intros x y first_le second_le; rewrite !E.
  - specialize (Up (x - 1) (y - 1) ltac:(lra) ltac:(lra)). lra.
  - specialize (Down (x - 1) (y - 1) ltac:(lra) ltac:(lra)). lra.
Qed.
End OneLaw.

(* ---- Rates that may depend on the context ---- *)

Section Varying.
Context {A J : Type} {V : list A} {kz : A -> nat} {kc : J -> nat}
  {a : J -> A -> R} {b : A -> R} {p : J -> A -> R} {d : nat}
  {W : A -> nat -> R} {H : J -> nat -> R} {P N : list J} {target : nat}.
Hypothesis setting : varying_setting V kz kc a b p d W H P N target.

Notation M := (log_odds p P N).
Notation T := (in_target kz target).
Notation increase := (steered_increase V d W H P N p).
Notation concept := (steered_concept_increase V d W H P N p).

(* ---- Remark 3.4, without eps ---- *)

Lemma varying_peaks_positive j :
  (forall i, In i N -> forall y, In y V -> p i y = p j y) ->
  forall z s, In z V -> kz z = target ->
  peak (increase j z) s -> below (finite 0) s.
Proof.
  intros N_one z s z_in z_on. rewrite (setting_increase setting) by exact z_in.
  destruct (varying_sets setting) as [P_nonempty [N_nonempty _]].
  apply one_law_positive; try assumption;
    [exact (setting_law setting)|exact (setting_varies setting)|].
  apply (setting_sign setting z z_in). exact z_on.
Qed.

Lemma varying_peaks_negative j :
  (forall i, In i P -> forall y, In y V -> p i y = p j y) ->
  forall z s, In z V -> kz z <> target ->
  peak (increase j z) s -> below s (finite 0).
Proof.
  intros P_one z s z_in z_off. rewrite (setting_increase setting) by exact z_in.
  destruct (varying_sets setting)
    as [P_nonempty [N_nonempty [P_in_target N_off_target]]].
  apply one_law_negative; try assumption;
    [exact (setting_law setting)|exact (setting_varies setting)| |].
  - intros i i_in. destruct (varying_proper setting) as [[y [y_in y_on]] _].
    exists y. split; [exact y_in|].
    destruct (nonempty_in P P_nonempty) as [k k_in].
    rewrite <- (P_one k k_in y y_in).
    destruct (varying_assumption setting) as [between [_ rates]].
    rewrite !rates by exact y_in. apply Nat.eqb_eq in y_on.
    rewrite y_on, (P_in_target k k_in), Nat.eqb_refl.
    assert (Nat.eqb target (kc i) = false) as ->
      by (apply Nat.eqb_neq; specialize (N_off_target i i_in); congruence).
    destruct (between k y y_in). lra.
  - destruct (Rle_lt_dec (M z) 0) as [L|L]; [exact L|].
    apply (setting_sign setting z z_in) in L. contradiction.
Qed.

(* ---- Theorem 3.6 ---- *)

Lemma paper_concept_vanishes : forall j k bottom, k <> target ->
  lowest V M bottom -> (forall z, In z V -> kz z = k -> M z <> bottom) ->
  tends_plus (concept j (in_target kz k))
    (- average (p j) (members (in_target kz k) V)) /\
  tends_minus (concept j (in_target kz k))
    (- average (p j) (members (in_target kz k) V)).
Proof.
  intros j k bottom k_off bottom_lowest never_bottom.
  rewrite (setting_concept setting).
  destruct (highest_exists M V (setting_nonempty setting)) as [top top_highest].
  apply (vanishing_both V (p j) M _ top bottom); try assumption;
    [exact (setting_law setting j)|].
  intros z z_in z_k. apply Nat.eqb_eq in z_k. split; [|auto].
  intros z_top. apply k_off. rewrite <- z_k.
  apply (setting_highest setting z z_in). rewrite z_top. apply top_highest.
Qed.

Lemma paper_concept_decreasing : forall j k, k <> target ->
  inhabited (in_target kz k) V ->
  (forall y z, In y V -> In z V -> kz y = k -> kz z <> k -> M y <= M z) ->
  decreasing (concept j (in_target kz k)).
Proof.
  intros j k k_ne_target target_inhabited k_lowest.
  rewrite (setting_concept setting).
  apply low_decreasing; [apply (setting_law setting)| |
    apply (setting_varies setting)|].
  - split; [exact target_inhabited|].
    destruct (varying_proper setting) as [[z [z_in Tz]] _].
    apply Nat.eqb_eq in Tz. exists z. split; [exact z_in|].
    unfold outside, in_target.
    assert (Nat.eqb (kz z) k = false) as -> by (apply Nat.eqb_neq; congruence).
    reflexivity.
  - intros y z y_in z_in Ky Kz.
    apply k_lowest; try assumption;
      [apply Nat.eqb_eq; exact Ky|apply Nat.eqb_neq; exact Kz].
Qed.

Notation steered := (steered_law V d W H P N).
Notation held j := (fun t => sum (steered j t) (members T V)).

(* ---- The target's mass ---- *)

Lemma setting_mass j : held j = mass V (p j) M T.
Proof.
  apply functional_extensionality. intros alpha. apply sum_ext.
  intros z z_in. apply members_in in z_in. apply (setting_tilt setting), z_in.
Qed.

Lemma paper_half_saturation : forall j delta range, 0 < delta ->
  margin T V M delta -> ranges V M range -> let r := logit (held j 0) in
  exists a, unique (fun x => held j x = 1 / 2) a /\
  (r <= 0 -> - r / range <= a <= - r / delta) /\
  (0 <= r -> - r / delta <= a <= - r / range).
Proof.
  intros j delta range delta_positive T_margin M_ranges.
  destruct (half_saturation_unique V (p j) M T (proj1 (setting_law setting j))
      (varying_proper setting) delta range delta_positive T_margin M_ranges)
    as [c [once [below [above _]]]].
  rewrite <- setting_mass in once, below, above. exists c. auto.
Qed.

Lemma paper_feasible : forall js w, weights js w -> forall tau k j,
  In j js -> 0 < tau < 1 -> 0 <= k ->
  let cost := steered_loss_increase V d W H P N p js w in
  exists a, unique (fun x => held j x = tau) a /\
  (held j 0 <= tau ->
    0 <= a /\ (feasible cost (held j) k tau <-> cost a <= k)) /\
  (tau <= held j 0 -> a <= 0 /\ feasible cost (held j) k tau).
Proof.
  intros js w w_weights tau k j j_in tau_between k_nonneg cost.
  unfold cost. rewrite (setting_loss setting).
  pose proof (mass_feasible V js w p M T (fun i _ => setting_law setting i)
      w_weights (varying_proper setting) (setting_separated setting) tau k j
      j_in tau_between k_nonneg) as found.
  rewrite <- setting_mass in found. exact found.
Qed.

(* ---- The logistic equation ---- *)

Lemma paper_logistic : forall j k, proper (in_target kz k) V ->
  let C := in_target kz k in
  let F t := sum (steered j t) (members C V) in
  let mu D t := sum (fun z => steered j t z * M z) (members D V)
    / sum (steered j t) (members D V) in
  forall alpha, 0 < F alpha < 1 /\
  derivable_pt_lim F alpha
    (F alpha * (1 - F alpha) * (mu C alpha - mu (outside C) alpha)) /\
  derivable_pt_lim (fun t => logit (F t)) alpha
    (mu C alpha - mu (outside C) alpha).
Proof.
  intros j k C_proper C F mu alpha.
  assert (Law := setting_law setting j).
  assert (masses : forall D t,
      sum (steered j t) (members D V) = mass V (p j) M D t).
  { intros D t. apply sum_ext. intros z z_in. apply members_in in z_in.
    apply (setting_tilt setting), z_in. }
  assert (means : forall D t, proper D V ->
      mu D t = mean (members D V) (p j) M t).
  { intros D t D_proper. unfold mu.
    rewrite masses, (conditional_mean V (p j) M D (proj1 Law) D_proper).
    f_equal. apply sum_ext. intros z z_in. apply members_in in z_in.
    rewrite (setting_tilt setting) by apply z_in. reflexivity. }
  rewrite !means by (exact C_proper || apply proper_outside, C_proper).
  assert (masses_F : forall t, mass V (p j) M C t = F t)
    by (intros; symmetry; apply masses).
  destruct (logistic_equation V (p j) M C Law C_proper alpha) as [slope rate].
  rewrite <- masses_F. split; [|split].
  - rewrite (mass_logistic V (p j) M C (proj1 Law) C_proper).
    apply logistic_range.
  - exact (derivable_ext _ _ _ _ masses_F slope).
  - eapply derivable_ext; [|exact rate]. intros t. cbv beta.
    rewrite masses_F. reflexivity.
Qed.
End Varying.

Section Paper.
Context {A J : Type} {V : list A} {kz : A -> nat} {kc : J -> nat} {a b : A -> R}
  {p : J -> A -> R} {d : nat} {W : A -> nat -> R} {H : J -> nat -> R}
  {P N : list J} {target : nat}.
Hypothesis setting : paper_setting V kz kc a b p d W H P N target.

Notation M := (log_odds p P N).
Notation T := (in_target kz target).
Notation increase := (steered_increase V d W H P N p).

(* Contexts of one concept share one distribution. *)
Lemma paper_one_law l j : (forall i, In i l -> kc i = kc j) ->
  forall i, In i l -> forall y, In y V -> p i y = p j y.
Proof.
  intros one_concept i i_in y y_in.
  exact (same_concept V kz kc a b p (setting_assumption setting) i j y
      (one_concept i i_in) y_in).
Qed.

Lemma target_one_law k : kc k = target ->
  forall i, In i P -> forall y, In y V -> p i y = p k y.
Proof.
  intros k_in_target. apply paper_one_law. rewrite k_in_target.
  apply (setting_sets setting).
Qed.

(* ---- Remark 3.4 ---- *)

Lemma paper_positive_peaks : forall G gamma omega eps eps0,
  2 <= G -> 0 < eps < eps0 -> eps0 <= (G - 1) / G ->
  (forall z, In z V ->
    a z = (1 - eps) * gamma z /\ b z = eps * omega z / (G - 1)) ->
  sum gamma (members T V) = 1 -> sum omega (members T V) = 1 ->
  (forall z, In z V -> kz z = target ->
     - ln (gamma z / omega z) <=
       (1 - eps0 / (G - 1)) * ln ((1 - eps0) * (G - 1) / eps0)) ->
  forall j z s, kc j <> target -> In z V -> kz z = target ->
  peak (increase j z) s -> below (finite 0) s.
Proof.
  intros G gamma omega eps eps0 G_ge_2 eps_between eps0_le rates_ab gamma_sum
    omega_sum threshold j z s j_off_target z_in Kz Ps.
  rewrite (setting_increase setting j z z_in), <- increase_peak in Ps.
  assert (E1 : eps0 < 1).
  { apply Rle_lt_trans with ((G - 1) / G); [exact eps0_le|].
    apply (Rmult_lt_reg_r G); [lra|].
    replace ((G - 1) / G * G) with (G - 1) by (field; lra). lra. }
  apply (shapes_positive V kz kc a b p P N target (setting_assumption setting)
      (setting_sets setting) (setting_proper setting)
      (G - 1) gamma omega eps ltac:(lra) ltac:(lra) (fun x x_in =>
      proj1 (rates_ab x x_in)) (fun x x_in => proj2 (rates_ab x x_in))
      gamma_sum omega_sum j z s j_off_target z_in Kz); [|exact Ps].
  apply Rle_lt_trans with (1 := threshold z z_in Kz).
  apply threshold_decreasing; try lra. replace (1 + (G - 1)) with G by ring.
  exact eps0_le.
Qed.

(* ---- The contrastive path ---- *)

Lemma paper_geometric_path :
  forall opposite, (forall i, In i N -> kc i = opposite) ->
  forall j k, kc j = opposite -> kc k = target -> forall z, In z V ->
  (forall alpha,
    steered_law V d W H P N j alpha z = geometric V (p k) (p j) alpha z) /\
  steered_law V d W H P N j 1 z = p k z /\
  (forall alpha, steered_law V d W H P N j (alpha + 1) z =
    steered_law V d W H P N k alpha z).
Proof.
  intros opposite N_in_opposite j k j_in_opposite k_in_target.
  assert (P_one := target_one_law k k_in_target).
  assert (N_one := paper_one_law N j ltac:(rewrite j_in_opposite; assumption)).
  apply one_law_path; try assumption;
    [apply (setting_nonempty setting)|apply (setting_trained setting)
      |apply (setting_sets setting)..].
Qed.

Lemma paper_path_peaks :
  forall opposite, (forall i, In i N -> kc i = opposite) ->
  forall j k, kc j = opposite -> kc k = target -> forall z c, In z V ->
  peak (increase k z) (finite c) -> peak (increase j z) (finite (c + 1)).
Proof.
  intros opposite N_in_opposite j k j_in_opposite k_in_target.
  assert (P_one := target_one_law k k_in_target).
  assert (N_one := paper_one_law N j ltac:(rewrite j_in_opposite; assumption)).
  apply one_law_peaks; try assumption;
    [apply (setting_nonempty setting)|apply (setting_trained setting)
      |apply (setting_sets setting)..].
Qed.
End Paper.
