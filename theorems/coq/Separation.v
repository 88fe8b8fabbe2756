(* Lemma B.4 as an assumption: that its signs hold for some offset of M, that
   the target is separated, and that its tokens peak last, are one and the
   same; and what is enough for it, pair by pair. *)
From Coq Require Import Reals List Lra.
From Steering Require Import Definitions Sum Tilt Bump.
Open Scope R_scope.

Section Signs.
Context {A : Type}.
Variables (V : list A) (p M : A -> R) (T : A -> bool).
Hypothesis p_law : law V p.
Hypothesis T_proper : proper T V.

Lemma separated_signs : separated T V M <->
  exists c, forall z, In z V -> (0 < M z + c <-> T z = true).
Proof.
  split.
  - intros T_separated.
    destruct (highest_exists M (members (outside T) V))
      as [m [[y [y_in Ey]] off]].
    { apply members_nonempty, T_proper. }
    exists (- m). intros z z_in. apply outside_in in y_in. split.
    + intros above. destruct (T z) eqn:Tz; [reflexivity|exfalso].
      specialize (off z (proj2 (outside_in T V z) (conj z_in Tz))). lra.
    + intros Tz. specialize (T_separated y z (proj1 y_in) z_in (proj2 y_in) Tz).
      lra.
  - intros [c signs] y z y_in z_in Ty Tz.
    pose proof (proj2 (signs z z_in) Tz).
    destruct (Rlt_le_dec 0 (M y + c)) as [L|L]; [|lra].
    apply (proj1 (signs y y_in)) in L. congruence.
Qed.

Lemma separated_peaks : varies V M -> (separated T V M <->
  forall y z s t, In y V -> In z V -> T y = false -> T z = true ->
  peak (probability_increase V p M y) s ->
  peak (probability_increase V p M z) t -> below s t).
Proof.
  intros M_varies.
  pose proof (proj1 p_law) as p_positive.
  pose proof (law_nonempty V p p_law) as V_nonempty. split.
  - intros T_separated y z s t y_in z_in Ty Tz Ps Pt.
    apply increase_peak in Ps. apply increase_peak in Pt.
    apply (peak_order V p M p_positive V_nonempty M_varies y z s t y_in z_in
      (T_separated y z y_in z_in Ty Tz) Ps Pt).
  - intros ordered y z y_in z_in Ty Tz.
    destruct (Rlt_le_dec (M y) (M z)) as [L|L]; [exact L|exfalso].
    destruct (peak_exists_unique V p M p_positive V_nonempty M_varies y y_in)
      as [s [Ps _]].
    destruct (peak_exists_unique V p M p_positive V_nonempty M_varies z z_in)
      as [t [Pt _]].
    pose proof (proj1 (increase_peak V p M y s) Ps) as Qs.
    pose proof (proj1 (increase_peak V p M z t) Pt) as Qt.
    pose proof (ordered y z s t y_in z_in Ty Tz Qs Qt) as B.
    destruct L as [L|E].
    + pose proof (peak_order V p M p_positive V_nonempty M_varies z y t s z_in
        y_in L Pt Ps) as B'.
      destruct s, t; simpl in *; try contradiction; lra.
    + apply (peak_located V p M p_positive V_nonempty M_varies z t z_in) in Pt.
      assert (Ly : located V p M y t).
      { destruct t; simpl in *; rewrite <- E; exact Pt. }
      apply (located_peak V p M p_positive V_nonempty M_varies y t y_in) in Ly.
      rewrite (peak_unique _ s t Ps Ly) in B.
      destruct t; simpl in B; try contradiction; lra.
Qed.
End Signs.

(* A difference of averages is an average of differences. *)
Lemma averages_above {J} (f : J -> R) (P N : list J) c : P <> nil -> N <> nil ->
  (forall i k, In i P -> In k N -> c <= f i - f k) ->
  c <= average f P - average f N.
Proof.
  intros P_nonempty N_nonempty each.
  assert (step : forall i, In i P -> c + average f N <= f i).
  { intros i i_in.
    assert (average f N <= average (fun _ => f i - c) N).
    { apply average_le; [exact N_nonempty|]. intros k k_in.
      specialize (each i k i_in k_in). lra. }
    rewrite average_const in H by exact N_nonempty. lra. }
  assert (average (fun _ => c + average f N) P <= average f P)
    by (apply average_le; assumption).
  rewrite average_const in H by exact P_nonempty. lra.
Qed.

Lemma pairs_margin {A J} (V : list A) (p : J -> A -> R) (P N : list J) T g tau :
  P <> nil -> N <> nil ->
  (forall i k z, In i P -> In k N -> In z V -> T z = true ->
    g <= ln (p i z) - ln (p k z)) ->
  (forall i k z, In i P -> In k N -> In z V -> T z = false ->
    ln (p i z) - ln (p k z) <= tau) ->
  margin T V (log_odds p P N) (g - tau).
Proof.
  intros P_nonempty N_nonempty on off y z y_in z_in Ty Tz.
  assert (g <= log_odds p P N z).
  { apply (averages_above (fun i => ln (p i z))); try assumption.
    intros i k i_in k_in. apply on; assumption. }
  assert (- tau <= - log_odds p P N y).
  { unfold log_odds.
    replace (- (average (fun i => ln (p i y)) P
      - average (fun i => ln (p i y)) N))
      with (average (fun i => - ln (p i y)) P
        - average (fun i => - ln (p i y)) N)
      by (unfold average; rewrite !sum_opp; unfold Rdiv; ring).
    apply averages_above; try assumption. intros i k i_in k_in.
    specialize (off i k y i_in k_in y_in Ty). lra. }
  lra.
Qed.
