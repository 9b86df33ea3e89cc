// Faults that the virtual machine makes exceptions of: null pointers that it does not check itself, and stacks without end.
public class Faults {
    int field = 1;

    static int read(Faults it) { return it.field; }
    static int endless(int n) { return endless(n + 1) + 1; }
    public static void main(String[] arguments) throws Exception {
        Faults it = new Faults();
        int sum = 0, caught = 0;
        for (int i = 0; i < 200000; i++) {
            try { sum += read(i % 1000 == 999 ? null : it); } catch (NullPointerException e) { caught++; }
        }
        int overflows = 0;
        for (int i = 0; i < 20; i++) {
            try { endless(0); } catch (StackOverflowError e) { overflows++; }
        }
        System.out.println(caught + " " + overflows);
    }
}
