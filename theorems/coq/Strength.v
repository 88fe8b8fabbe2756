(* The sweet spot: strengths at which every off-target
   token is past its peak and no target token is. *)
From Coq Require Import Reals List Lra Lia.
From Steering Require Import Definitions Sum Calculus Infinity Tilt Limits Bump.
Open Scope R_scope.

Section SweetSpot.
Context {A : Type}.
Variables (V : list A) (p M : A -> R) (T : A -> bool) (low high range : R).
Hypothesis p_positive : positive V p.
Hypothesis V_nonempty : V <> nil.
Hypothesis low_highest : highest (members (outside T) V) M low.
Hypothesis high_lowest : lowest (members T V) M high.
Hypothesis low_lt_high : low < high.
Hypothesis M_ranges : ranges V M range.

Notation E := (mean V p M).
Definition sweet (alpha : R) : Prop := low < E alpha < high.

Lemma ends : (exists y, In y V /\ T y = false /\ M y = low) /\
  (exists z, In z V /\ T z = true /\ M z = high).
Proof.
  destruct low_highest as [[y [y_in Ey]] _].
  destruct high_lowest as [[z [z_in Ez]] _].
  apply outside_in in y_in. apply members_in in z_in.
  split; [exists y|exists z]; tauto.
Qed.

Lemma sweet_varies : varies V M.
Proof.
  destruct ends as [[y [y_in [_ Ey]]] [z [z_in [_ Ez]]]]. exists y, z.
  repeat split; try assumption. lra.
Qed.

Lemma range_positive : 0 < range.
Proof.
  destruct ends as [[y [y_in [_ Ey]]] [z [z_in [_ Ez]]]].
  specialize (M_ranges y z y_in z_in). lra.
Qed.

(* E moves at speed at most range^2/4, so around the
   point where it is halfway it stays between. *)
Lemma mean_lipschitz x y : Rabs (E y - E x) <= range ^ 2 / 4 * Rabs (y - x).
Proof.
  assert (L : forall u v, u < v ->
      Rabs (E v - E u) <= range ^ 2 / 4 * Rabs (v - u)).
  { intros u v order.
    destruct (mean_value _ _
        (mean_derivative V p M p_positive V_nonempty) u v order) as [c [Q _]].
    rewrite Q, Rabs_mult.
    apply Rmult_le_compat_r; [apply Rabs_pos|].
    rewrite Rabs_right; [apply variance_le; assumption|].
    apply Rle_ge, variance_nonneg; assumption. }
  destruct (Rtotal_order x y) as [order|[->|order]]; [apply L; exact order| |].
  - rewrite !Rminus_diag_eq, Rabs_R0 by reflexivity. lra.
  - rewrite (Rabs_minus_sym (E y)), (Rabs_minus_sym y). apply L; exact order.
Qed.

Lemma sweet_window : exists left right,
  right - left = 4 * (high - low) / range ^ 2 /\ left < right /\
  forall alpha, left < alpha < right -> sweet alpha.
Proof.
  destruct (highest_exists M V V_nonempty) as [top top_highest].
  destruct (lowest_exists M V V_nonempty) as [bottom bottom_lowest].
  destruct ends as [[y [y_in [_ Ey]]] [z [z_in [_ Ez]]]].
  pose proof (proj2 top_highest z z_in) as Lz.
  pose proof (proj2 bottom_lowest y y_in) as Ly.
  destruct (mean_meets V p M p_positive V_nonempty top bottom
      ((low + high) / 2) top_highest bottom_lowest) as [m m_halfway]; [lra|].
  pose proof range_positive as R0.
  assert (R2 : 0 < range ^ 2) by (apply pow_lt; exact R0).
  set (h := 2 * (high - low) / range ^ 2).
  assert (0 < h) by (apply Rdiv_lt_0_compat; lra).
  exists (m - h), (m + h). split; [unfold h; field; lra|]. split; [lra|].
  intros alpha alpha_between.
  pose proof (mean_lipschitz m alpha) as L. rewrite m_halfway in L.
  assert (B : range ^ 2 / 4 * Rabs (alpha - m) < (high - low) / 2).
  { replace ((high - low) / 2) with (range ^ 2 / 4 * h)
      by (unfold h; field; lra).
    apply Rmult_lt_compat_l; [lra|]. apply Rabs_def1; lra. }
  assert (Q : Rabs (E alpha - (low + high) / 2) < (high - low) / 2) by lra.
  apply Rabs_def2 in Q. unfold sweet. lra.
Qed.

Lemma sweet_open alpha : sweet alpha -> exists delta, 0 < delta /\
  forall beta, Rabs (beta - alpha) < delta -> sweet beta.
Proof.
  intros [above_low below_high].
  set (e := Rmin (E alpha - low) (high - E alpha)).
  assert (e_positive : 0 < e) by (apply Rmin_glb_lt; lra).
  destruct (mean_continuous V p M p_positive V_nonempty alpha e e_positive)
    as [delta [delta_positive mean_near]]. exists delta.
  split; [exact delta_positive|].
  intros beta beta_near.
  pose proof (Rmin_l (E alpha - low) (high - E alpha) : e <= E alpha - low).
  pose proof (Rmin_r (E alpha - low) (high - E alpha) : e <= high - E alpha).
  destruct (Req_dec beta alpha) as [->|beta_ne_alpha]; [split; assumption|].
  assert (Q : Rabs (E beta - E alpha) < e)
    by (apply mean_near; split; [split; [exact I|congruence]|exact beta_near]).
  apply Rabs_def2 in Q. unfold sweet. lra.
Qed.

(* Inside the window the peaks separate: off-target
   on the left, target on the right. *)
Lemma peak_right alpha z s : In z V -> E alpha < M z ->
  peak (fun x => tilt V p M x z) s -> below (finite alpha) s.
Proof.
  intros z_in L Ps.
  apply (peak_located V p M p_positive V_nonempty sweet_varies z s z_in) in Ps.
  destruct s as [|a|]; simpl in *.
  - assert (M z <= E alpha) by (apply mean_ge; assumption). lra.
  - destruct (Rlt_le_dec alpha a) as [M_le_mean|[M_le_mean|M_le_mean]];
      [exact M_le_mean| |subst; lra].
    apply (mean_increasing V p M p_positive V_nonempty sweet_varies) in
      M_le_mean. lra.
  - exact I.
Qed.

Lemma peak_left alpha z s : In z V -> M z < E alpha ->
  peak (fun x => tilt V p M x z) s -> below s (finite alpha).
Proof.
  intros z_in L Ps.
  apply (peak_located V p M p_positive V_nonempty sweet_varies z s z_in) in Ps.
  destruct s as [|a|]; simpl in *.
  - exact I.
  - destruct (Rlt_le_dec a alpha) as [alpha_lt_a|[alpha_lt_a|alpha_lt_a]];
      [exact alpha_lt_a| |subst; lra].
    apply (mean_increasing V p M p_positive V_nonempty sweet_varies) in
      alpha_lt_a. lra.
  - assert (E alpha <= M z) by (apply mean_le; assumption). lra.
Qed.

Lemma sweet_peaks alpha z s : sweet alpha -> In z V ->
  peak (fun x => tilt V p M x z) s ->
  if T z then below (finite alpha) s else below s (finite alpha).
Proof.
  intros [above_low below_high] z_in Ps. destruct (T z) eqn:E0.
  - apply (peak_right alpha z s z_in); [|exact Ps].
    destruct high_lowest as [_ C_bounds]. specialize (C_bounds z).
    rewrite members_in in C_bounds. specialize (C_bounds (conj z_in E0)). lra.
  - apply (peak_left alpha z s z_in); [|exact Ps].
    destruct low_highest as [_ C_bounds]. specialize (C_bounds z).
    rewrite outside_in in C_bounds. specialize (C_bounds (conj z_in E0)). lra.
Qed.
Lemma sweet_window_peaks : exists left right, right - left =
    4 * (high - low) / range ^ 2 /\ left < right /\
  forall alpha, left < alpha < right ->
    low < E alpha < high /\
    forall z s, In z V -> peak (probability_increase V p M z) s ->
      if T z then below (finite alpha) s else below s (finite alpha).
Proof.
  destruct sweet_window as [u [v [L [u_lt_v S]]]].
  exists u, v. split; [exact L|]. split; [exact u_lt_v|].
  intros alpha alpha_between. split; [apply S; exact alpha_between|].
  intros z s z_in Ps. apply increase_peak in Ps.
  exact (sweet_peaks alpha z s (S alpha alpha_between) z_in Ps).
Qed.

End SweetSpot.
