(* The paper's theorems for its own setting: what holds for the tilt, carried to the trained, steered model. *)
From Coq Require Import Reals List Arith Lra Lia.
From Steering Require Import Definitions Sum Calculus Infinity Tilt Limits Bump CrossEntropy Concepts Model Dataset Signs Setting.
Open Scope R_scope.

Section Paper.
Context {A J : Type} {V : list A} {kz : A -> nat} {kc : J -> nat} {a b : A -> R} {p : J -> A -> R}
  {d : nat} {W : A -> nat -> R} {H : J -> nat -> R} {P N : list J} {target : nat}.
Hypothesis Hpaper : paper_setting V kz kc a b p d W H P N target.

Notation M := (log_odds p P N).
Notation T := (in_target kz target).
Notation increase := (steered_increase V d W H P N p).
Notation concept := (steered_concept_increase V d W H P N p).

(* ---- Theorem 3.3 and Proposition B.1 ---- *)

Lemma paper_bump : forall j z, In z V ->
  (exists y, In y V /\ M z < M y) -> (exists y, In y V /\ M y < M z) ->
  exists! c, increasing_until c (increase j z) /\ decreasing_from c (increase j z).
Proof.
  intros j z Hz Hu Hd. assert (Law := setting_law Hpaper j).
  destruct (bump V (p j) M (proj1 Law) (law_nonempty V _ Law)
    (setting_varies Hpaper) z Hz Hd Hu) as [c [Hc U]].
  assert (S := fun s => setting_peak Hpaper j z s Hz).
  exists c. split; [apply (proj1 (S (finite c))); exact Hc|]. intros e He. apply U, (proj2 (S (finite e))). exact He.
Qed.

Lemma paper_peak_order : forall j y z s t, In y V -> In z V -> kz y <> target -> kz z = target ->
  peak (increase j y) s -> peak (increase j z) t -> below s t.
Proof.
  intros j y z s t Hy Hz Ky Kz Ps Pt. assert (Law := setting_law Hpaper j).
  assert (S := fun x u => setting_peak Hpaper j x u).
  apply (S y s Hy) in Ps. apply (S z t Hz) in Pt.
  apply (peak_order V (p j) M (proj1 Law) (law_nonempty V _ Law)
    (setting_varies Hpaper) y z s t Hy Hz); try assumption.
  apply (setting_separated Hpaper); try assumption;
    [apply Nat.eqb_neq; exact Ky|apply Nat.eqb_eq; exact Kz].
Qed.

Lemma paper_monotone : forall j z, In z V ->
  ((forall y, In y V -> M y <= M z) -> kz z = target /\ increasing (increase j z)) /\
  ((forall y, In y V -> M z <= M y) -> kz z <> target /\ decreasing (increase j z)).
Proof.
  intros j z Hz. assert (Law := setting_law Hpaper j).
  assert (Var := setting_varies Hpaper).
  assert (Sep := setting_separated Hpaper).
  assert (S := fun s => setting_peak Hpaper j z s Hz).
  destruct (setting_proper Hpaper) as [[u [Hu Tu]] [v [Hv Tv]]].
  assert (Fv : T v = false) by (unfold outside in Tv; destruct (T v); [discriminate|reflexivity]).
  split; intros E; split.
  - destruct (Nat.eq_dec (kz z) target) as [K|K]; [exact K|]. exfalso.
    pose proof (Sep z u Hz Hu (proj2 (Nat.eqb_neq _ _) K) Tu). specialize (E u Hu). lra.
  - apply (S plus_infinity), peak_top; try assumption; [apply Law|exact (law_nonempty V _ Law)].
  - intros K. pose proof (Sep v z Hv Hz Fv (proj2 (Nat.eqb_eq _ _) K)). specialize (E v Hv). lra.
  - apply (S minus_infinity), peak_bottom; try assumption; [apply Law|exact (law_nonempty V _ Law)].
Qed.

Lemma paper_limits : forall j z top bottom, In z V -> highest V M top -> lowest V M bottom ->
  tends_plus (increase j z) ((if level M top z then p j z / sum (p j) (members (level M top) V) else 0) - p j z) /\
  tends_minus (increase j z) ((if level M bottom z then p j z / sum (p j) (members (level M bottom) V) else 0) - p j z).
Proof.
  intros j z top bottom Hz Ht Hb. assert (Law := setting_law Hpaper j).
  assert (E := fun alpha => setting_increase Hpaper j alpha z Hz).
  split; [apply (tends_ext (probability_increase V (p j) M z))|apply (tends_minus_ext (probability_increase V (p j) M z))];
    try (intros x; symmetry; apply E); [apply increase_limit|apply increase_limit_minus]; try assumption;
    exact (proj1 Law) || exact (setting_nonempty Hpaper).
Qed.

(* ---- Remark 3.4 ---- *)

Lemma paper_positive_peaks : forall G gamma omega eps eps0,
  2 <= G -> 0 < eps < eps0 -> eps0 <= (G - 1) / G ->
  (forall z, In z V -> a z = (1 - eps) * gamma z /\ b z = eps * omega z / (G - 1)) ->
  sum gamma (members T V) = 1 -> sum omega (members T V) = 1 ->
  (forall z, In z V -> kz z = target ->
     - ln (gamma z / omega z) <= (1 - eps0 / (G - 1)) * ln ((1 - eps0) * (G - 1) / eps0)) ->
  forall j z s, kc j <> target -> In z V -> kz z = target -> peak (increase j z) s -> below (finite 0) s.
Proof.
  intros G gamma omega eps eps0 HG He He0 Hab Hgam Hom Hthr j z s Hj Hz Kz Ps.
  apply (setting_peak Hpaper j z s Hz) in Ps.
  assert (E1 : eps0 < 1).
  { apply Rle_lt_trans with ((G - 1) / G); [exact He0|]. apply (Rmult_lt_reg_r G); [lra|].
    replace ((G - 1) / G * G) with (G - 1) by (field; lra). lra. }
  apply (shapes_positive V kz kc a b p P N target (setting_assumption Hpaper)
    (setting_sets Hpaper) (setting_proper Hpaper)
    (G - 1) gamma omega eps ltac:(lra) ltac:(lra) (fun x Hx => proj1 (Hab x Hx)) (fun x Hx => proj2 (Hab x Hx))
    Hgam Hom j z s Hj Hz Kz); [|exact Ps].
  apply Rle_lt_trans with (1 := Hthr z Hz Kz).
  apply threshold_decreasing; try lra. replace (1 + (G - 1)) with G by ring. exact He0.
Qed.

Lemma paper_contrastive_peaks : forall opposite, (forall i, In i N -> kc i = opposite) ->
  forall j z s, kc j = opposite -> In z V -> kz z = target -> peak (increase j z) s -> below (finite 0) s.
Proof.
  intros opposite HN j z s Hj Hz Kz Ps.
  apply (setting_peak Hpaper j z s Hz) in Ps.
  exact (contrastive_positive V kz kc a b p P N target (setting_assumption Hpaper)
    (setting_sets Hpaper) (setting_proper Hpaper)
    opposite j z s HN Hj Hz Kz Ps).
Qed.

Lemma paper_target_context : forall j z s, kc j = target -> In z V -> kz z <> target ->
  peak (increase j z) s -> below s (finite 0).
Proof.
  intros j z s Hj Hz Kz Ps. apply (setting_peak Hpaper j z s Hz) in Ps.
  exact (target_context_negative V kz kc a b p P N target (setting_assumption Hpaper)
    (setting_sets Hpaper) (setting_proper Hpaper)
    j z s Hj Hz Kz Ps).
Qed.

(* ---- Theorem 3.6 ---- *)

Lemma paper_tanh : forall j k, proper (in_target kz k) V -> exists nu,
  nu 0 = 0 /\
  (forall alpha, derivable_pt_lim nu alpha
     (mean (members (in_target kz k) V) (p j) M alpha - mean (members (outside (in_target kz k)) V) (p j) M alpha)) /\
  (forall alpha, concept j (in_target kz k) alpha =
     / (2 * INR (length (members (in_target kz k) V))) *
     (tanh ((nu alpha + logit (sum (p j) (members (in_target kz k) V))) / 2)
      - tanh (logit (sum (p j) (members (in_target kz k) V)) / 2))) /\
  (forall range alpha, ranges V M range -> Rabs (nu alpha) <= range * Rabs alpha).
Proof.
  intros j k HC. set (C := in_target kz k) in *. assert (Law := setting_law Hpaper j).
  assert (E0 : sum (p j) (members C V) = mass V (p j) M C 0).
  { apply sum_ext. intros; symmetry; apply tilt_zero; exact Law. }
  exists (nu V (p j) M C). rewrite E0. split; [apply nu_zero|].
  split; [exact (nu_derivative V (p j) M C (proj1 Law) HC)|]. split.
  - intros alpha. rewrite (setting_concept Hpaper). exact (tanh_form V (p j) M C (proj1 Law) HC alpha (proj2 Law)).
  - intros range alpha. exact (growth V (p j) M C (proj1 Law) HC range alpha).
Qed.

Lemma paper_target_increasing : forall j, increasing (concept j T).
Proof.
  intros j. apply (increasing_ext (concept_increase V (p j) M T)).
  - intros x. apply (setting_concept Hpaper).
  - apply target_increasing; [apply (setting_law Hpaper)
      |apply (setting_proper Hpaper)
      |apply (setting_separated Hpaper)].
Qed.

Lemma paper_concept_vanishes : forall j k bottom, k <> target ->
  lowest V M bottom -> (forall z, In z V -> kz z = k -> M z <> bottom) ->
  tends_plus (concept j (in_target kz k)) (- average (p j) (members (in_target kz k) V)) /\
  tends_minus (concept j (in_target kz k)) (- average (p j) (members (in_target kz k) V)).
Proof.
  intros j k bottom Hk Hb Hno. assert (Law := setting_law Hpaper j).
  assert (E := fun alpha => setting_concept Hpaper j (in_target kz k) alpha).
  destruct (highest_exists M V (law_nonempty V _ Law)) as [top Ht]. split.
  - apply (tends_ext (concept_increase V (p j) M (in_target kz k))); [intros; symmetry; apply E|].
    apply vanishing_plus with (top := top); [exact Law|exact Ht|]. intros z Hz Kz Q. apply Nat.eqb_eq in Kz.
    apply Hk. rewrite <- Kz. exact (setting_top Hpaper z top Ht Hz Q).
  - apply (tends_minus_ext (concept_increase V (p j) M (in_target kz k))); [intros; symmetry; apply E|].
    apply vanishing_minus with (bottom := bottom); [exact Law|exact Hb|]. intros z Hz Kz. apply Nat.eqb_eq in Kz.
    apply Hno; assumption.
Qed.

Lemma paper_concept_decreasing : forall j k, k <> target -> inhabited (in_target kz k) V ->
  (forall y z, In y V -> In z V -> kz y = k -> kz z <> k -> M y <= M z) ->
  decreasing (concept j (in_target kz k)).
Proof.
  intros j k Hk Hin Hlow. apply (decreasing_ext (concept_increase V (p j) M (in_target kz k))).
  { intros x. apply (setting_concept Hpaper). }
  apply low_decreasing; [apply (setting_law Hpaper)| |
    apply (setting_varies Hpaper)|].
  - split; [exact Hin|]. destruct (setting_proper Hpaper) as [[z [Hz Tz]] _].
    apply Nat.eqb_eq in Tz. exists z. split; [exact Hz|]. unfold outside, in_target.
    assert (Nat.eqb (kz z) k = false) as -> by (apply Nat.eqb_neq; congruence). reflexivity.
  - intros y z Hy Hz Ky Kz. apply Hlow; try assumption; [apply Nat.eqb_eq; exact Ky|apply Nat.eqb_neq; exact Kz].
Qed.

(* ---- Theorem 3.8 ---- *)

Lemma paper_quadratic : forall js w, weights js w ->
  forall eps, 0 < eps -> exists delta, 0 < delta /\ forall alpha, Rabs alpha < delta ->
  Rabs (steered_loss_increase V d W H P N p js w alpha
        - / 2 * sum (fun j => w j * variance V (p j) M 0) js * alpha ^ 2) <= eps * alpha ^ 2.
Proof.
  intros js w Hw eps He.
  destruct (quadratic V js w p M (fun j _ => setting_law Hpaper j) Hw eps He)
    as [delta [Hd B]].
  exists delta. split; [exact Hd|]. intros alpha Ha.
  rewrite (setting_loss Hpaper). exact (B alpha Ha).
Qed.

Lemma paper_convex : forall js w, weights js w -> strictly_convex (steered_loss_increase V d W H P N p js w).
Proof.
  intros js w Hw x y t Hxy Ht. rewrite !(setting_loss Hpaper).
  apply increase_convex; try assumption; [intros j _; apply (setting_law Hpaper)|].
  apply (setting_varies Hpaper).
Qed.

(* ---- The contrastive path ---- *)

Lemma paper_geometric_path : forall opposite, (forall i, In i N -> kc i = opposite) ->
  forall j k, kc j = opposite -> kc k = target -> forall z, In z V ->
  (forall alpha, steered_law V d W H P N j alpha z =
     exp ((1 - alpha) * ln (p j z) + alpha * ln (p k z)) /
     sum (fun y => exp ((1 - alpha) * ln (p j y) + alpha * ln (p k y))) V) /\
  steered_law V d W H P N j 1 z = p k z /\
  (forall alpha, steered_law V d W H P N j (alpha + 1) z = steered_law V d W H P N k alpha z).
Proof.
  intros opposite HN j k Hj Hk z Hz.
  assert (H1 := setting_assumption Hpaper).
  assert (Sets := setting_sets Hpaper). destruct Sets as [HP0 [HN0 [HPt _]]].
  assert (Law := setting_law Hpaper).
  assert (HMk : forall y, In y V -> M y = ln (p k y) - ln (p j y)).
  { intros y Hy. unfold log_odds.
    assert (S := fun i e (E : kc i = kc e) => same_concept V kz kc a b p H1 i e y E Hy).
    rewrite (average_ext _ (fun _ => ln (p k y)) P), (average_ext _ (fun _ => ln (p j y)) N), !average_const; try assumption.
    - reflexivity.
    - intros i Hi. rewrite (S i j); [reflexivity|]. rewrite (HN i Hi), Hj. reflexivity.
    - intros i Hi. rewrite (S i k); [reflexivity|]. rewrite (HPt i Hi), Hk. reflexivity. }
  assert (ST := fun i alpha y => setting_tilt Hpaper i alpha y).
  split; [|split].
  - intros alpha. rewrite ST by exact Hz. unfold tilt, partition.
    rewrite (path_weight V (p k) (p j) M (Law j) HMk alpha z Hz).
    rewrite (sum_ext _ _ V (fun y Hy => path_weight V (p k) (p j) M (Law j) HMk alpha y Hy)). reflexivity.
  - rewrite ST by exact Hz. exact (path_one V (p k) (p j) M (Law k) (Law j) HMk z Hz).
  - intros alpha. rewrite !ST by exact Hz. exact (path_shift V (p k) (p j) M (Law k) (Law j) HMk alpha z Hz).
Qed.

Lemma paper_path_peaks : forall opposite, (forall i, In i N -> kc i = opposite) ->
  forall j k, kc j = opposite -> kc k = target -> forall z c, In z V ->
  peak (increase k z) (finite c) -> peak (increase j z) (finite (c + 1)).
Proof.
  intros opposite HN j k Hj Hk z c Hz [Up Down].
  destruct (paper_geometric_path opposite HN j k Hj Hk z Hz) as [_ [_ Shift]].
  assert (E : forall x, increase j z x = increase k z (x - 1) + (p k z - p j z)).
  { intros x. unfold steered_increase. rewrite <- (Shift (x - 1)). replace (x - 1 + 1) with x by ring. ring. }
  split; intros x y H1 H2; rewrite !E.
  - specialize (Up (x - 1) (y - 1) ltac:(lra) ltac:(lra)). lra.
  - specialize (Down (x - 1) (y - 1) ltac:(lra) ltac:(lra)). lra.
Qed.

End Paper.
