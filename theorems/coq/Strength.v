(* The sweet spot: strengths at which every off-target token is past its peak and no target token is. *)
From Coq Require Import Reals List Lra Lia.
From Steering Require Import Definitions Sum Calculus Infinity Tilt Limits Bump.
Open Scope R_scope.

Section SweetSpot.
Context {A : Type}.
Variables (V : list A) (p M : A -> R) (T : A -> bool) (low high range : R).
Hypothesis Hp : positive V p.
Hypothesis HV : V <> nil.
Hypothesis Hlow : highest (members (outside T) V) M low.
Hypothesis Hhigh : lowest (members T V) M high.
Hypothesis Hgap : low < high.
Hypothesis Hrange : ranges V M range.

Notation E := (mean V p M).
Definition sweet (alpha : R) : Prop := low < E alpha < high.

Lemma ends : (exists y, In y V /\ T y = false /\ M y = low) /\ (exists z, In z V /\ T z = true /\ M z = high).
Proof.
  destruct Hlow as [[y [Hy Ey]] _]. destruct Hhigh as [[z [Hz Ez]] _].
  apply outside_in in Hy. apply members_in in Hz.
  split; [exists y|exists z]; tauto.
Qed.

Lemma sweet_varies : varies V M.
Proof.
  destruct ends as [[y [Hy [_ Ey]]] [z [Hz [_ Ez]]]]. exists y, z. repeat split; try assumption. lra.
Qed.

Lemma range_positive : 0 < range.
Proof. destruct ends as [[y [Hy [_ Ey]]] [z [Hz [_ Ez]]]]. specialize (Hrange y z Hy Hz). lra. Qed.

(* E moves at speed at most range^2/4, so around the point where it is halfway it stays between. *)
Lemma mean_lipschitz x y : Rabs (E y - E x) <= range ^ 2 / 4 * Rabs (y - x).
Proof.
  assert (L : forall u v, u < v -> Rabs (E v - E u) <= range ^ 2 / 4 * Rabs (v - u)).
  { intros u v H. destruct (mean_value _ _ (mean_derivative V p M Hp HV) u v H) as [c [Q _]]. rewrite Q, Rabs_mult.
    apply Rmult_le_compat_r; [apply Rabs_pos|]. rewrite Rabs_right; [apply variance_le; assumption|].
    apply Rle_ge, variance_nonneg; assumption. }
  destruct (Rtotal_order x y) as [H|[->|H]]; [apply L; exact H| |].
  - rewrite !Rminus_diag_eq, Rabs_R0 by reflexivity. lra.
  - rewrite (Rabs_minus_sym (E y)), (Rabs_minus_sym y). apply L; exact H.
Qed.

Lemma sweet_window : exists left right,
  right - left = 4 * (high - low) / range ^ 2 /\ left < right /\
  forall alpha, left < alpha < right -> sweet alpha.
Proof.
  destruct (highest_exists M V HV) as [top Htop]. destruct (lowest_exists M V HV) as [bottom Hbot].
  destruct ends as [[y [Hy [_ Ey]]] [z [Hz [_ Ez]]]].
  pose proof (proj2 Htop z Hz) as Lz. pose proof (proj2 Hbot y Hy) as Ly.
  destruct (mean_meets V p M Hp HV top bottom ((low + high) / 2) Htop Hbot) as [m Hm]; [lra|].
  pose proof range_positive as R0. assert (R2 : 0 < range ^ 2) by (apply pow_lt; exact R0).
  set (h := 2 * (high - low) / range ^ 2). assert (0 < h) by (apply Rdiv_lt_0_compat; lra).
  exists (m - h), (m + h). split; [unfold h; field; lra|]. split; [lra|]. intros alpha Ha.
  pose proof (mean_lipschitz m alpha) as L. rewrite Hm in L.
  assert (B : range ^ 2 / 4 * Rabs (alpha - m) < (high - low) / 2).
  { replace ((high - low) / 2) with (range ^ 2 / 4 * h) by (unfold h; field; lra).
    apply Rmult_lt_compat_l; [lra|]. apply Rabs_def1; lra. }
  assert (Q : Rabs (E alpha - (low + high) / 2) < (high - low) / 2) by lra. apply Rabs_def2 in Q. unfold sweet. lra.
Qed.

Lemma sweet_open alpha : sweet alpha -> exists delta, 0 < delta /\ forall beta, Rabs (beta - alpha) < delta -> sweet beta.
Proof.
  intros [H1 H2]. set (e := Rmin (E alpha - low) (high - E alpha)).
  assert (He : 0 < e) by (apply Rmin_glb_lt; lra).
  destruct (mean_continuous V p M Hp HV alpha e He) as [delta [Hd H]]. exists delta. split; [exact Hd|].
  intros beta Hb. pose proof (Rmin_l (E alpha - low) (high - E alpha)). pose proof (Rmin_r (E alpha - low) (high - E alpha)).
  fold e in H0, H3. destruct (Req_dec beta alpha) as [->|Hne]; [split; assumption|].
  assert (Q : Rabs (E beta - E alpha) < e) by (apply H; split; [split; [exact I|congruence]|exact Hb]).
  apply Rabs_def2 in Q. unfold sweet. lra.
Qed.

(* Inside the window the peaks separate: off-target on the left, target on the right. *)
Lemma peak_right alpha z s : In z V -> E alpha < M z -> peak (fun x => tilt V p M x z) s -> below (finite alpha) s.
Proof.
  intros Hz L Ps. apply (peak_located V p M Hp HV sweet_varies z s Hz) in Ps. destruct s as [|a|]; simpl in *.
  - assert (M z <= E alpha) by (apply mean_ge; assumption). lra.
  - destruct (Rlt_le_dec alpha a) as [H|[H|H]]; [exact H| |subst; lra].
    apply (mean_increasing V p M Hp HV sweet_varies) in H. lra.
  - exact I.
Qed.

Lemma peak_left alpha z s : In z V -> M z < E alpha -> peak (fun x => tilt V p M x z) s -> below s (finite alpha).
Proof.
  intros Hz L Ps. apply (peak_located V p M Hp HV sweet_varies z s Hz) in Ps. destruct s as [|a|]; simpl in *.
  - exact I.
  - destruct (Rlt_le_dec a alpha) as [H|[H|H]]; [exact H| |subst; lra].
    apply (mean_increasing V p M Hp HV sweet_varies) in H. lra.
  - assert (E alpha <= M z) by (apply mean_le; assumption). lra.
Qed.

Lemma sweet_peaks alpha z s : sweet alpha -> In z V -> peak (fun x => tilt V p M x z) s ->
  if T z then below (finite alpha) s else below s (finite alpha).
Proof.
  intros [H1 H2] Hz Ps. destruct (T z) eqn:E0.
  - apply (peak_right alpha z s Hz); [|exact Ps]. destruct Hhigh as [_ H]. specialize (H z).
    rewrite members_in in H. specialize (H (conj Hz E0)). lra.
  - apply (peak_left alpha z s Hz); [|exact Ps]. destruct Hlow as [_ H]. specialize (H z).
    rewrite outside_in in H. specialize (H (conj Hz E0)). lra.
Qed.
Lemma sweet_window_peaks : exists left right, right - left = 4 * (high - low) / range ^ 2 /\ left < right /\
  forall alpha, left < alpha < right ->
    low < E alpha < high /\
    forall z s, In z V -> peak (probability_increase V p M z) s ->
      if T z then below (finite alpha) s else below s (finite alpha).
Proof.
  destruct sweet_window as [u [v [L [Huv S]]]].
  exists u, v. split; [exact L|]. split; [exact Huv|]. intros alpha Ha. split; [apply S; exact Ha|].
  intros z s Hz Ps. apply increase_peak in Ps. exact (sweet_peaks alpha z s (S alpha Ha) Hz Ps).
Qed.

End SweetSpot.
