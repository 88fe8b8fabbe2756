(* The paper's theorems for its own setting: what holds
   for the tilt, carried to the trained, steered model. *)
From Coq Require Import Reals List Arith Lra Lia.
From Steering Require Import Definitions Sum Calculus Infinity Tilt Limits Bump
  CrossEntropy Concepts Model Dataset Signs Setting.
Open Scope R_scope.

Section Paper.
Context {A J : Type} {V : list A} {kz : A -> nat} {kc : J -> nat} {a b : A -> R}
  {p : J -> A -> R} {d : nat} {W : A -> nat -> R} {H : J -> nat -> R}
  {P N : list J} {target : nat}.
Hypothesis setting : paper_setting V kz kc a b p d W H P N target.

Notation M := (log_odds p P N).
Notation T := (in_target kz target).
Notation increase := (steered_increase V d W H P N p).
Notation concept := (steered_concept_increase V d W H P N p).

(* ---- Theorem 3.3 and Proposition B.1 ---- *)

Lemma paper_bump : forall j z, In z V ->
  (exists y, In y V /\ M z < M y) -> (exists y, In y V /\ M y < M z) ->
  exists! c, increasing_until c (increase j z) /\
  decreasing_from c (increase j z).
Proof.
  intros j z z_in some_above some_below. assert (Law := setting_law setting j).
  destruct (bump V (p j) M (proj1 Law) (law_nonempty V _ Law)
    (setting_varies setting) z z_in some_below some_above) as [c [c_peaks U]].
  assert (S := fun s => setting_peak setting j z s z_in).
  exists c. split; [apply (proj1 (S (finite c))); exact c_peaks|].
  intros e e_peaks. apply U, (proj2 (S (finite e))). exact e_peaks.
Qed.

Lemma paper_peak_order : forall j y z s t, In y V -> In z V ->
  kz y <> target -> kz z = target ->
  peak (increase j y) s -> peak (increase j z) t -> below s t.
Proof.
  intros j y z s t y_in z_in Ky Kz Ps Pt. assert (Law := setting_law setting j).
  assert (S := fun x u => setting_peak setting j x u).
  apply (S y s y_in) in Ps. apply (S z t z_in) in Pt.
  apply (peak_order V (p j) M (proj1 Law) (law_nonempty V _ Law)
    (setting_varies setting) y z s t y_in z_in); try assumption.
  apply (setting_separated setting); try assumption;
    [apply Nat.eqb_neq; exact Ky|apply Nat.eqb_eq; exact Kz].
Qed.

Lemma paper_monotone : forall j z, In z V ->
  ((forall y, In y V -> M y <= M z) ->
    kz z = target /\ increasing (increase j z)) /\
  ((forall y, In y V -> M z <= M y) ->
    kz z <> target /\ decreasing (increase j z)).
Proof.
  intros j z z_in. assert (Law := setting_law setting j).
  assert (Var := setting_varies setting).
  assert (Sep := setting_separated setting).
  assert (S := fun s => setting_peak setting j z s z_in).
  destruct (setting_proper setting) as [[u [u_in Tu]] [v [v_in Tv]]].
  assert (Fv : T v = false)
    by (unfold outside in Tv; destruct (T v); [discriminate|reflexivity]).
  split; intros E; split.
  - destruct (Nat.eq_dec (kz z) target) as [K|K]; [exact K|]. exfalso.
    pose proof (Sep z u z_in u_in (proj2 (Nat.eqb_neq _ _) K) Tu).
    specialize (E u u_in). lra.
  - apply (S plus_infinity), peak_top; try assumption;
      [apply Law|exact (law_nonempty V _ Law)].
  - intros K. pose proof (Sep v z v_in z_in Fv (proj2 (Nat.eqb_eq _ _) K)).
    specialize (E v v_in). lra.
  - apply (S minus_infinity), peak_bottom; try assumption;
      [apply Law|exact (law_nonempty V _ Law)].
Qed.

Lemma paper_limits : forall j z top bottom, In z V -> highest V M top ->
  lowest V M bottom ->
  tends_plus (increase j z)
    ((if level M top z
      then p j z / sum (p j) (members (level M top) V) else 0) - p j z) /\
  tends_minus (increase j z)
    ((if level M bottom z
      then p j z / sum (p j) (members (level M bottom) V) else 0) - p j z).
Proof.
  intros j z top bottom z_in top_highest bottom_lowest.
  assert (Law := setting_law setting j).
  assert (E := fun alpha => setting_increase setting j alpha z z_in).
  split; [apply (tends_ext (probability_increase V (p j) M z))
      |apply (tends_minus_ext (probability_increase V (p j) M z))];
    try (intros x; symmetry; apply E);
    [apply increase_limit|apply increase_limit_minus]; try assumption;
    exact (proj1 Law) || exact (setting_nonempty setting).
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
  apply (setting_peak setting j z s z_in) in Ps.
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

Lemma paper_contrastive_peaks :
  forall opposite, (forall i, In i N -> kc i = opposite) ->
  forall j z s, kc j = opposite -> In z V -> kz z = target ->
  peak (increase j z) s -> below (finite 0) s.
Proof.
  intros opposite N_in_opposite j z s j_in_opposite z_in Kz Ps.
  apply (setting_peak setting j z s z_in) in Ps.
  exact (contrastive_positive V kz kc a b p P N target (setting_assumption
      setting) (setting_sets setting) (setting_proper setting)
      opposite j z s N_in_opposite j_in_opposite z_in Kz Ps).
Qed.

Lemma paper_target_context : forall j z s, kc j = target -> In z V ->
  kz z <> target ->
  peak (increase j z) s -> below s (finite 0).
Proof.
  intros j z s j_in_target z_in Kz Ps.
  apply (setting_peak setting j z s z_in) in Ps.
  exact (target_context_negative V kz kc a b p P N target
      (setting_assumption setting) (setting_sets setting)
      (setting_proper setting) j z s j_in_target z_in Kz Ps).
Qed.

(* ---- Theorem 3.6 ---- *)

Lemma paper_tanh : forall j k, proper (in_target kz k) V -> exists nu,
  nu 0 = 0 /\
  (forall alpha, derivable_pt_lim nu alpha
     (mean (members (in_target kz k) V) (p j) M alpha
       - mean (members (outside (in_target kz k)) V) (p j) M alpha)) /\
  (forall alpha, concept j (in_target kz k) alpha =
     / (2 * INR (length (members (in_target kz k) V))) *
     (tanh ((nu alpha + logit (sum (p j) (members (in_target kz k) V))) / 2)
      - tanh (logit (sum (p j) (members (in_target kz k) V)) / 2))) /\
  (forall range alpha, ranges V M range ->
    Rabs (nu alpha) <= range * Rabs alpha).
Proof.
  intros j k target_proper. set (C := in_target kz k) in *.
  assert (Law := setting_law setting j).
  assert (E0 : sum (p j) (members C V) = mass V (p j) M C 0).
  { apply sum_ext. intros; symmetry; apply tilt_zero; exact Law. }
  exists (nu V (p j) M C). rewrite E0. split; [apply nu_zero|].
  split; [exact (nu_derivative V (p j) M C (proj1 Law) target_proper)|]. split.
  - intros alpha. rewrite (setting_concept setting).
    exact (tanh_form V (p j) M C (proj1 Law) target_proper alpha (proj2 Law)).
  - intros range alpha.
    exact (growth V (p j) M C (proj1 Law) target_proper range alpha).
Qed.

Lemma paper_target_increasing : forall j, increasing (concept j T).
Proof.
  intros j. apply (increasing_ext (concept_increase V (p j) M T)).
  - intros x. apply (setting_concept setting).
  - apply target_increasing; [apply (setting_law setting)
      |apply (setting_proper setting)
      |apply (setting_separated setting)].
Qed.

Lemma paper_concept_vanishes : forall j k bottom, k <> target ->
  lowest V M bottom -> (forall z, In z V -> kz z = k -> M z <> bottom) ->
  tends_plus (concept j (in_target kz k))
    (- average (p j) (members (in_target kz k) V)) /\
  tends_minus (concept j (in_target kz k))
    (- average (p j) (members (in_target kz k) V)).
Proof.
  intros j k bottom k_ne_target bottom_lowest never_bottom.
  assert (Law := setting_law setting j).
  assert (E := fun alpha => setting_concept setting j (in_target kz k) alpha).
  destruct (highest_exists M V (law_nonempty V _ Law)) as [top top_highest].
  split.
  - apply (tends_ext (concept_increase V (p j) M (in_target kz k)));
      [intros; symmetry; apply E|].
    apply vanishing_plus with (top := top); [exact Law|exact top_highest|].
    intros z z_in Kz Q. apply Nat.eqb_eq in Kz.
    apply k_ne_target. rewrite <- Kz.
    exact (setting_top setting z top top_highest z_in Q).
  - apply (tends_minus_ext (concept_increase V (p j) M (in_target kz k)));
      [intros; symmetry; apply E|].
    apply vanishing_minus with (bottom := bottom);
      [exact Law|exact bottom_lowest|]. intros z z_in Kz.
    apply Nat.eqb_eq in Kz. apply never_bottom; assumption.
Qed.

Lemma paper_concept_decreasing : forall j k, k <> target ->
  inhabited (in_target kz k) V ->
  (forall y z, In y V -> In z V -> kz y = k -> kz z <> k -> M y <= M z) ->
  decreasing (concept j (in_target kz k)).
Proof.
  intros j k k_ne_target target_inhabited k_lowest.
  apply (decreasing_ext (concept_increase V (p j) M (in_target kz k))).
  { intros x. apply (setting_concept setting). }
  apply low_decreasing; [apply (setting_law setting)| |
    apply (setting_varies setting)|].
  - split; [exact target_inhabited|].
    destruct (setting_proper setting) as [[z [z_in Tz]] _].
    apply Nat.eqb_eq in Tz. exists z. split; [exact z_in|].
    unfold outside, in_target.
    assert (Nat.eqb (kz z) k = false) as -> by (apply Nat.eqb_neq; congruence).
    reflexivity.
  - intros y z y_in z_in Ky Kz.
    apply k_lowest; try assumption;
      [apply Nat.eqb_eq; exact Ky|apply Nat.eqb_neq; exact Kz].
Qed.

(* ---- Theorem 3.8 ---- *)

Lemma paper_quadratic : forall js w, weights js w ->
  forall eps, 0 < eps ->
  exists delta, 0 < delta /\ forall alpha, Rabs alpha < delta ->
  Rabs (steered_loss_increase V d W H P N p js w alpha
        - / 2 * sum (fun j => w j * variance V (p j) M 0) js * alpha ^ 2)
    <= eps * alpha ^ 2.
Proof.
  intros js w w_weights eps eps_positive.
  destruct (quadratic V js w p M
      (fun j _ => setting_law setting j) w_weights eps eps_positive)
    as [delta [delta_positive B]].
  exists delta. split; [exact delta_positive|]. intros alpha alpha_near.
  rewrite (setting_loss setting). exact (B alpha alpha_near).
Qed.

Lemma paper_convex : forall js w, weights js w ->
  strictly_convex (steered_loss_increase V d W H P N p js w).
Proof.
  intros js w w_weights x y t x_lt_y t_between. rewrite !(setting_loss setting).
  apply increase_convex; try assumption;
    [intros j _; apply (setting_law setting)|]. apply (setting_varies setting).
Qed.

(* ---- The contrastive path ---- *)

Lemma paper_geometric_path :
  forall opposite, (forall i, In i N -> kc i = opposite) ->
  forall j k, kc j = opposite -> kc k = target -> forall z, In z V ->
  (forall alpha, steered_law V d W H P N j alpha z =
     exp ((1 - alpha) * ln (p j z) + alpha * ln (p k z)) /
     sum (fun y => exp ((1 - alpha) * ln (p j y) + alpha * ln (p k y))) V) /\
  steered_law V d W H P N j 1 z = p k z /\
  (forall alpha, steered_law V d W H P N j (alpha + 1) z =
    steered_law V d W H P N k alpha z).
Proof.
  intros opposite N_in_opposite j k j_in_opposite k_in_target z z_in.
  assert (two_rates := setting_assumption setting).
  assert (Sets := setting_sets setting).
  destruct Sets as [P_nonempty [N_nonempty [P_in_target _]]].
  assert (Law := setting_law setting).
  assert (M_path : forall y, In y V -> M y = ln (p k y) - ln (p j y)).
  { intros y y_in. unfold log_odds.
    assert (S := fun i e (E : kc i = kc e) =>
        same_concept V kz kc a b p two_rates i e y E y_in).
    rewrite (average_ext _ (fun _ => ln (p k y)) P),
      (average_ext _ (fun _ => ln (p j y)) N), !average_const; try assumption.
    - reflexivity.
    - intros i i_in. rewrite (S i j); [reflexivity|].
      rewrite (N_in_opposite i i_in), j_in_opposite. reflexivity.
    - intros i i_in. rewrite (S i k); [reflexivity|].
      rewrite (P_in_target i i_in), k_in_target. reflexivity. }
  assert (ST := fun i alpha y => setting_tilt setting i alpha y).
  split; [|split].
  - intros alpha. rewrite ST by exact z_in. unfold tilt, partition.
    rewrite (path_weight V (p k) (p j) M (Law j) M_path alpha z z_in).
    rewrite (sum_ext _ _ V (fun y y_in =>
        path_weight V (p k) (p j) M (Law j) M_path alpha y y_in)). reflexivity.
  - rewrite ST by exact z_in.
    exact (path_one V (p k) (p j) M (Law k) (Law j) M_path z z_in).
  - intros alpha. rewrite !ST by exact z_in.
    exact (path_shift V (p k) (p j) M (Law k) (Law j) M_path alpha z z_in).
Qed.

Lemma paper_path_peaks :
  forall opposite, (forall i, In i N -> kc i = opposite) ->
  forall j k, kc j = opposite -> kc k = target -> forall z c, In z V ->
  peak (increase k z) (finite c) -> peak (increase j z) (finite (c + 1)).
Proof.
  intros opposite N_in_opposite j k j_in_opposite k_in_target z c
    z_in [Up Down].
  destruct (paper_geometric_path opposite N_in_opposite j k j_in_opposite
      k_in_target z z_in) as [_ [_ Shift]].
  assert (E :
      forall x, increase j z x = increase k z (x - 1) + (p k z - p j z)).
  { intros x. unfold steered_increase. rewrite <- (Shift (x - 1)).
    replace (x - 1 + 1) with x by ring. ring. }
  split; intros x y first_le second_le; rewrite !E.
  - specialize (Up (x - 1) (y - 1) ltac:(lra) ltac:(lra)). lra.
  - specialize (Down (x - 1) (y - 1) ltac:(lra) ltac:(lra)). lra.
Qed.

End Paper.
