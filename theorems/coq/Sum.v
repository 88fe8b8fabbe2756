(* Finite sums over lists. *)
From Coq Require Import Reals List Lra Lia.
From Steering Require Import Definitions.
Open Scope R_scope.

Section Sums.
Context {A : Type}.
Implicit Types (f g : A -> R) (l : list A) (C : A -> bool).

Lemma sum_ext f g l : (forall z, In z l -> f z = g z) -> sum f l = sum g l.
Proof.
  induction l as [|x l IH]; simpl; intros f_eq_g; [reflexivity|].
  rewrite f_eq_g by (left; reflexivity). rewrite IH; [reflexivity|].
  intros; apply f_eq_g; right; assumption.
Qed.

Lemma sum_plus f g l : sum (fun z => f z + g z) l = sum f l + sum g l.
Proof. induction l as [|x l IH]; simpl; [|rewrite IH]; ring. Qed.

Lemma sum_minus f g l : sum (fun z => f z - g z) l = sum f l - sum g l.
Proof. induction l as [|x l IH]; simpl; [|rewrite IH]; ring. Qed.

Lemma sum_scal c f l : sum (fun z => c * f z) l = c * sum f l.
Proof. induction l as [|x l IH]; simpl; [|rewrite IH]; ring. Qed.

Lemma sum_scal_r c f l : sum (fun z => f z * c) l = sum f l * c.
Proof. induction l as [|x l IH]; simpl; [|rewrite IH]; ring. Qed.

Lemma sum_div c f l : sum (fun z => f z / c) l = sum f l / c.
Proof. apply sum_scal_r. Qed.

Lemma sum_opp f l : sum (fun z => - f z) l = - sum f l.
Proof. induction l as [|x l IH]; simpl; [|rewrite IH]; ring. Qed.

Lemma sum_app f l l' : sum f (l ++ l') = sum f l + sum f l'.
Proof. induction l as [|x l IH]; simpl; [|rewrite IH]; ring. Qed.

Lemma sum_const c l : sum (fun _ : A => c) l = INR (length l) * c.
Proof.
  induction l as [|x l IH]; [simpl; ring|].
  change (length (x :: l)) with (S (length l)). rewrite S_INR. simpl.
  rewrite IH. ring.
Qed.

Lemma sum_zero f l : (forall z, In z l -> f z = 0) -> sum f l = 0.
Proof.
  intros f_zero. rewrite (sum_ext f (fun _ => 0)) by exact f_zero.
  rewrite sum_const. ring.
Qed.

Lemma sum_le f g l : (forall z, In z l -> f z <= g z) -> sum f l <= sum g l.
Proof.
  induction l as [|x l IH]; simpl; intros f_le_g; [lra|].
  apply Rplus_le_compat; [apply f_le_g; left; reflexivity|].
  apply IH; intros; apply f_le_g; right; assumption.
Qed.

Lemma sum_lt f g l :
  (forall z, In z l -> f z <= g z) -> (exists z, In z l /\ f z < g z) ->
  sum f l < sum g l.
Proof.
  induction l as [|x l IH]; simpl; intros f_le_g [z [z_in less]];
    [contradiction|].
  assert (rest_le : forall z, In z l -> f z <= g z)
    by (intros; apply f_le_g; right; assumption). destruct z_in as [->|z_in].
  - apply Rplus_lt_le_compat; [exact less|]. apply sum_le; exact rest_le.
  - apply Rplus_le_lt_compat; [apply f_le_g; left; reflexivity|].
    apply IH; [exact rest_le|]. exists z; split; assumption.
Qed.

Lemma sum_nonneg f l : (forall z, In z l -> 0 <= f z) -> 0 <= sum f l.
Proof.
  intros f_nonneg. rewrite <- (sum_zero (fun _ => 0) l) by reflexivity.
  apply sum_le; exact f_nonneg.
Qed.

Lemma sum_pos f l : l <> nil -> (forall z, In z l -> 0 < f z) -> 0 < sum f l.
Proof.
  intros l_nonempty f_positive.
  rewrite <- (sum_zero (fun _ => 0) l) by reflexivity. apply sum_lt.
  - intros z z_in; left; apply f_positive; exact z_in.
  - destruct l as [|x l]; [congruence|].
    exists x; split; [left; reflexivity|apply f_positive; left; reflexivity].
Qed.

Lemma sum_abs f l : Rabs (sum f l) <= sum (fun z => Rabs (f z)) l.
Proof.
  induction l as [|x l IH]; simpl; [rewrite Rabs_R0; lra|].
  eapply Rle_trans; [apply Rabs_triang|]. apply Rplus_le_compat_l; exact IH.
Qed.

Lemma term_le_sum f l z : (forall y, In y l -> 0 <= f y) -> In z l ->
  f z <= sum f l.
Proof.
  induction l as [|x l IH]; simpl; intros f_nonneg z_in; [contradiction|].
  assert (0 <= sum f l)
    by (apply sum_nonneg; intros; apply f_nonneg; right; assumption).
  assert (0 <= f x) by (apply f_nonneg; left; reflexivity).
  destruct z_in as [->|z_in]; [lra|].
  assert (f z <= sum f l)
    by (apply IH; [intros; apply f_nonneg; right|]; assumption). lra.
Qed.

Lemma sum_filter C f l :
  sum f (filter C l) = sum (fun z => if C z then f z else 0) l.
Proof.
  induction l as [|x l IH]; simpl; [reflexivity|].
  destruct (C x); simpl; rewrite IH; ring.
Qed.

(* A set and its complement split every sum. *)
Lemma sum_split C f l :
  sum f l = sum f (members C l) + sum f (members (outside C) l).
Proof.
  unfold members, outside. rewrite !sum_filter, <- sum_plus.
  apply sum_ext; intros z _. destruct (C z); simpl; ring.
Qed.

Lemma members_in C l z : In z (members C l) <-> In z l /\ C z = true.
Proof. apply filter_In. Qed.

Lemma outside_in C l z : In z (members (outside C) l) <-> In z l /\ C z = false.
Proof.
  rewrite members_in. unfold outside.
  destruct (C z); simpl; intuition congruence.
Qed.

Lemma members_nonempty C l : inhabited C l -> members C l <> nil.
Proof.
  intros [z z_in] E.
  assert (member : In z (members C l)) by (apply members_in; exact z_in).
  rewrite E in member; contradiction.
Qed.

Lemma nonempty_in l : l <> nil -> exists z, In z l.
Proof.
  destruct l as [|x l]; [congruence|]. intros _. exists x; left; reflexivity.
Qed.

Lemma length_pos l : l <> nil -> 0 < INR (length l).
Proof.
  intros l_nonempty. destruct l; [congruence|]. apply lt_0_INR. simpl; lia.
Qed.

Lemma average_const c l : l <> nil -> average (fun _ : A => c) l = c.
Proof.
  intros l_nonempty. unfold average. rewrite sum_const.
  pose proof (length_pos l l_nonempty). field; lra.
Qed.

Lemma average_ext f g l : (forall z, In z l -> f z = g z) ->
  average f l = average g l.
Proof.
  intros f_eq_g. unfold average. rewrite (sum_ext f g) by exact f_eq_g.
  reflexivity.
Qed.

Lemma average_le f g l : l <> nil -> (forall z, In z l -> f z <= g z) ->
  average f l <= average g l.
Proof.
  intros l_nonempty f_le_g. unfold average.
  apply Rmult_le_compat_r; [|apply sum_le; exact f_le_g].
  left; apply Rinv_0_lt_compat, length_pos; exact l_nonempty.
Qed.

Lemma average_lt f g l : l <> nil -> (forall z, In z l -> f z < g z) ->
  average f l < average g l.
Proof.
  intros l_nonempty f_lt_g. unfold average.
  apply Rmult_lt_compat_r;
    [apply Rinv_0_lt_compat, length_pos; exact l_nonempty|].
  apply sum_lt; [intros; left; apply f_lt_g; assumption|].
  destruct l as [|x l]; [congruence|].
  exists x; split; [left|apply f_lt_g; left]; reflexivity.
Qed.

(* A finite set attains its extremes. *)
Lemma highest_exists f l : l <> nil -> exists m, highest l f m.
Proof.
  unfold highest. induction l as [|x l IH]; intros list_nonempty; [congruence|].
  destruct l as [|y l].
  - exists (f x). split; [exists x; simpl; auto|]. simpl; intros z [->|[]]; lra.
  - destruct IH as [m [[w [w_in Em]] m_bounds]]; [congruence|].
    destruct (Rle_lt_dec (f x) m) as [x_le_m|x_le_m].
    + exists m. split; [exists w; split; [right|]; assumption|].
      intros z [<-|z_in]; [exact x_le_m|apply m_bounds; exact z_in].
    + exists (f x). split; [exists x; split; [left|]; reflexivity|].
      intros z [<-|z_in]; [lra|]. apply m_bounds in z_in; lra.
Qed.
End Sums.

Lemma lowest_highest {A} (l : list A) f m : lowest l f m <->
  highest l (fun z => - f z) (- m).
Proof.
  unfold lowest, highest; split; intros [[z [z_in E]] bounds];
    (split; [exists z; split; [exact z_in|lra]|]);
    intros y y_in; apply bounds in y_in; lra.
Qed.

Lemma lowest_exists {A} (f : A -> R) l : l <> nil -> exists m, lowest l f m.
Proof.
  intros l_nonempty.
  destruct (highest_exists (fun z => - f z) l l_nonempty) as [m m_highest].
  exists (- m). apply lowest_highest. rewrite Ropp_involutive. exact m_highest.
Qed.

Lemma sum_swap {A B} (f : A -> B -> R) l l' :
  sum (fun x => sum (f x) l') l = sum (fun y => sum (fun x => f x y) l) l'.
Proof.
  induction l as [|x l IH]; simpl.
  - rewrite sum_zero; reflexivity.
  - rewrite IH, <- sum_plus. reflexivity.
Qed.
