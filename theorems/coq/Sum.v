(* Finite sums over lists. *)
From Coq Require Import Reals List Lra Lia.
From Steering Require Import Definitions.
Open Scope R_scope.

Section Sums.
Context {A : Type}.
Implicit Types (f g : A -> R) (l : list A) (C : A -> bool).

Lemma sum_ext f g l : (forall z, In z l -> f z = g z) -> sum f l = sum g l.
Proof.
  induction l as [|x l IH]; simpl; intros H; [reflexivity|].
  rewrite H by (left; reflexivity). rewrite IH; [reflexivity|]. intros; apply H; right; assumption.
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

Lemma sum_const c l : sum (fun _ : A => c) l = INR (length l) * c.
Proof.
  induction l as [|x l IH]; [simpl; ring|].
  change (length (x :: l)) with (S (length l)). rewrite S_INR. simpl. rewrite IH. ring.
Qed.

Lemma sum_zero f l : (forall z, In z l -> f z = 0) -> sum f l = 0.
Proof. intros H. rewrite (sum_ext f (fun _ => 0)) by exact H. rewrite sum_const. ring. Qed.

Lemma sum_le f g l : (forall z, In z l -> f z <= g z) -> sum f l <= sum g l.
Proof.
  induction l as [|x l IH]; simpl; intros H; [lra|].
  apply Rplus_le_compat; [apply H; left; reflexivity|]. apply IH; intros; apply H; right; assumption.
Qed.

Lemma sum_lt f g l :
  (forall z, In z l -> f z <= g z) -> (exists z, In z l /\ f z < g z) -> sum f l < sum g l.
Proof.
  induction l as [|x l IH]; simpl; intros H [z [Hz Hlt]]; [contradiction|].
  assert (Ht : forall z, In z l -> f z <= g z) by (intros; apply H; right; assumption).
  destruct Hz as [->|Hz].
  - apply Rplus_lt_le_compat; [exact Hlt|]. apply sum_le; exact Ht.
  - apply Rplus_le_lt_compat; [apply H; left; reflexivity|].
    apply IH; [exact Ht|]. exists z; split; assumption.
Qed.

Lemma sum_nonneg f l : (forall z, In z l -> 0 <= f z) -> 0 <= sum f l.
Proof. intros H. rewrite <- (sum_zero (fun _ => 0) l) by reflexivity. apply sum_le; exact H. Qed.

Lemma sum_pos f l : l <> nil -> (forall z, In z l -> 0 < f z) -> 0 < sum f l.
Proof.
  intros Hl H. rewrite <- (sum_zero (fun _ => 0) l) by reflexivity. apply sum_lt.
  - intros z Hz; left; apply H; exact Hz.
  - destruct l as [|x l]; [congruence|]. exists x; split; [left; reflexivity|apply H; left; reflexivity].
Qed.

Lemma sum_abs f l : Rabs (sum f l) <= sum (fun z => Rabs (f z)) l.
Proof.
  induction l as [|x l IH]; simpl; [rewrite Rabs_R0; lra|].
  eapply Rle_trans; [apply Rabs_triang|]. apply Rplus_le_compat_l; exact IH.
Qed.

Lemma term_le_sum f l z : (forall y, In y l -> 0 <= f y) -> In z l -> f z <= sum f l.
Proof.
  induction l as [|x l IH]; simpl; intros H Hz; [contradiction|].
  assert (0 <= sum f l) by (apply sum_nonneg; intros; apply H; right; assumption).
  assert (0 <= f x) by (apply H; left; reflexivity).
  destruct Hz as [->|Hz]; [lra|].
  assert (f z <= sum f l) by (apply IH; [intros; apply H; right|]; assumption). lra.
Qed.

Lemma sum_filter C f l : sum f (filter C l) = sum (fun z => if C z then f z else 0) l.
Proof. induction l as [|x l IH]; simpl; [reflexivity|]. destruct (C x); simpl; rewrite IH; ring. Qed.

(* A set and its complement split every sum. *)
Lemma sum_split C f l : sum f l = sum f (members C l) + sum f (members (outside C) l).
Proof.
  unfold members, outside. rewrite !sum_filter, <- sum_plus. apply sum_ext; intros z _.
  destruct (C z); simpl; ring.
Qed.

Lemma members_in C l z : In z (members C l) <-> In z l /\ C z = true.
Proof. apply filter_In. Qed.

Lemma outside_in C l z : In z (members (outside C) l) <-> In z l /\ C z = false.
Proof. rewrite members_in. unfold outside. destruct (C z); simpl; intuition congruence. Qed.

Lemma members_nonempty C l : inhabited C l -> members C l <> nil.
Proof.
  intros [z Hz] E. assert (In z (members C l)) by (apply members_in; exact Hz).
  rewrite E in H; contradiction.
Qed.

Lemma nonempty_in l : l <> nil -> exists z, In z l.
Proof. destruct l as [|x l]; [congruence|]. intros _. exists x; left; reflexivity. Qed.

Lemma length_pos l : l <> nil -> 0 < INR (length l).
Proof. intros H. destruct l; [congruence|]. apply lt_0_INR. simpl; lia. Qed.

Lemma average_const c l : l <> nil -> average (fun _ : A => c) l = c.
Proof. intros H. unfold average. rewrite sum_const. pose proof (length_pos l H). field; lra. Qed.

Lemma average_ext f g l : (forall z, In z l -> f z = g z) -> average f l = average g l.
Proof. intros H. unfold average. rewrite (sum_ext f g) by exact H. reflexivity. Qed.

Lemma average_le f g l : l <> nil -> (forall z, In z l -> f z <= g z) -> average f l <= average g l.
Proof.
  intros Hl H. unfold average. apply Rmult_le_compat_r; [|apply sum_le; exact H].
  left; apply Rinv_0_lt_compat, length_pos; exact Hl.
Qed.

Lemma average_lt f g l : l <> nil -> (forall z, In z l -> f z < g z) -> average f l < average g l.
Proof.
  intros Hl H. unfold average.
  apply Rmult_lt_compat_r; [apply Rinv_0_lt_compat, length_pos; exact Hl|].
  apply sum_lt; [intros; left; apply H; assumption|].
  destruct l as [|x l]; [congruence|]. exists x; split; [left|apply H; left]; reflexivity.
Qed.

(* A finite set attains its extremes. *)
Lemma highest_exists f l : l <> nil -> exists m, highest l f m.
Proof.
  unfold highest. induction l as [|x l IH]; intros H; [congruence|].
  destruct l as [|y l].
  - exists (f x). split; [exists x; simpl; auto|]. simpl; intros z [->|[]]; lra.
  - destruct IH as [m [[w [Hw Em]] Hm]]; [congruence|].
    destruct (Rle_lt_dec (f x) m) as [Hx|Hx].
    + exists m. split; [exists w; split; [right|]; assumption|].
      intros z [<-|Hz]; [exact Hx|apply Hm; exact Hz].
    + exists (f x). split; [exists x; split; [left|]; reflexivity|].
      intros z [<-|Hz]; [lra|]. apply Hm in Hz; lra.
Qed.
End Sums.

Lemma lowest_highest {A} (l : list A) f m : lowest l f m <-> highest l (fun z => - f z) (- m).
Proof.
  unfold lowest, highest; split; intros [[z [Hz E]] H]; (split; [exists z; split; [exact Hz|lra]|]);
    intros y Hy; apply H in Hy; lra.
Qed.

Lemma lowest_exists {A} (f : A -> R) l : l <> nil -> exists m, lowest l f m.
Proof.
  intros H. destruct (highest_exists (fun z => - f z) l H) as [m Hm]. exists (- m).
  apply lowest_highest. rewrite Ropp_involutive. exact Hm.
Qed.

Lemma sum_swap {A B} (f : A -> B -> R) l l' :
  sum (fun x => sum (f x) l') l = sum (fun y => sum (fun x => f x y) l) l'.
Proof.
  induction l as [|x l IH]; simpl.
  - rewrite sum_zero; reflexivity.
  - rewrite IH, <- sum_plus. reflexivity.
Qed.
