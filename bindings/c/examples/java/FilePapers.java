import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;
import java.nio.charset.StandardCharsets;

/**
 * Opens an archive from Java, through JNA: makes one, compiles a numbering rule, and sees errors as exceptions.
 *
 * <p>{@code java -cp jna.jar -Djna.library.path=LIBRARIES FilePapers.java DIRECTORY}
 */
public final class FilePapers {
    /** The C functions that this example calls; {@code size_t} is a {@code long} on 64-bit systems. */
    interface Archive extends Library {
        Archive LIBRARY = Native.load("marketing_archive", Archive.class);

        int ma_abi_version();

        int ma_archive_create(byte[] path, long length, PointerByReference out, PointerByReference error);

        int ma_archive_locate(Pointer archive, byte[] name, long length, PointerByReference out, PointerByReference error);

        int ma_archive_inventory(Pointer archive, PointerByReference out, PointerByReference error);

        void ma_archive_free(Pointer archive);

        int ma_rule_compile(byte[] source, long length, PointerByReference out, PointerByReference error);

        int ma_rule_parse(Pointer rule, byte[] number, long length, PointerByReference out, PointerByReference error);

        void ma_rule_free(Pointer rule);

        Pointer ma_error_message(Pointer error);

        void ma_error_free(Pointer error);

        void ma_string_free(Pointer text);
    }

    private static final Archive C = Archive.LIBRARY;

    /** A failed call: its status says what the caller can do. */
    static final class ArchiveException extends RuntimeException {
        final int status;

        ArchiveException(int status, String message) {
            super(message);
            this.status = status;
        }
    }

    /** A call with a result and an error. */
    private interface Call {
        int into(PointerByReference out, PointerByReference error);
    }

    private static Pointer call(Call call) {
        PointerByReference out = new PointerByReference();
        PointerByReference error = new PointerByReference();
        int status = call.into(out, error);
        if (status != 0) {
            String message = C.ma_error_message(error.getValue()).getString(0, "UTF-8");
            C.ma_error_free(error.getValue());
            throw new ArchiveException(status, message);
        }
        return out.getValue();
    }

    private static String text(Call call) {
        Pointer text = call(call);
        try {
            return text.getString(0, "UTF-8");
        } finally {
            C.ma_string_free(text);
        }
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    public static void main(String[] arguments) {
        if (C.ma_abi_version() != 1) {
            throw new IllegalStateException("the library is of another version than this program");
        }
        byte[] path = utf8(arguments[0]);
        Pointer archive = call((out, error) -> C.ma_archive_create(path, path.length, out, error));
        try {
            System.out.println(text((out, error) -> C.ma_archive_inventory(archive, out, error)));
            byte[] name = utf8("没有这个档号");
            text((out, error) -> C.ma_archive_locate(archive, name, name.length, out, error));
            throw new AssertionError("a file was found that nobody filed");
        } catch (ArchiveException e) {
            if (e.status != 2 || !e.getMessage().contains("没有这个档号")) {
                throw e;
            }
            System.out.println(e.getMessage());
        } finally {
            C.ma_archive_free(archive);
        }

        byte[] source = utf8("规则 盒号 版本 1 启用 2024-01-01\n  库房 = 字符[A-Z]{2}\n"
                + "  盒号 = 流水{4} 按 (库房) 连续 满则拒绝\n  格式 \"{库房}-{盒号}\"\n");
        Pointer rule = call((out, error) -> C.ma_rule_compile(source, source.length, out, error));
        byte[] number = utf8("HZ-0042");
        String fields = text((out, error) -> C.ma_rule_parse(rule, number, number.length, out, error));
        C.ma_rule_free(rule);
        System.out.println(fields);
        if (!fields.contains("\"库房\":\"HZ\"")) {
            throw new AssertionError(fields);
        }
    }
}
