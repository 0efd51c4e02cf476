using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;

namespace MfpClip.Benchmarks.Quick;

/// <summary>ONNX Runtime on the 24 blocks of ViT-L/14@336 as one graph with fused attention, float32, as many threads as libtorch has.</summary>
internal sealed class OnnxPeer : IDisposable
{
    private const string Graph = "vit_l14_336_518_blocks.onnx";
    private const string WeightsFile = "w_mha.bin";
    private const long WeightBytes = 1_209_237_504;

    private readonly InferenceSession _session;
    private readonly OrtValue _input;
    private readonly string _folder;

    private OnnxPeer(InferenceSession session, string folder)
    {
        (_session, _folder) = (session, folder);
        var random = new Random(5);
        var tokens = Enumerable.Range(0, 1370 * 1024).Select(_ => (float)(2 * random.NextDouble()) - 1).ToArray();
        _input = OrtValue.CreateTensorValueFromMemory(tokens, [1, 1370, 1024]);
    }

    /// <summary>Opens the graph with random weights in a temporary folder; null with the reason where the graph is absent.</summary>
    /// <param name="peers">Folder of the graph; else <c>MFPCLIP_PEERS</c>, else <c>../shared/peers</c> beside the checkout or the working directory.</param>
    /// <param name="reason">Why not.</param>
    public static OnnxPeer? Open(string? peers, out string? reason)
    {
        string? folder = Candidates(peers).FirstOrDefault(f => File.Exists(Path.Combine(f, Graph)));
        if (folder is null)
        {
            reason = $"there is no {Graph}; name its folder with --peers or MFPCLIP_PEERS.";
            return null;
        }

        string own = Path.Combine(Path.GetTempPath(), $"mfpclip-onnx-{Guid.NewGuid():N}");
        try
        {
            Directory.CreateDirectory(own);
            File.Copy(Path.Combine(folder, Graph), Path.Combine(own, Graph));
            WriteWeights(Path.Combine(own, WeightsFile));
            using var options = new SessionOptions
            {
                IntraOpNumThreads = torch.get_num_threads(),
                InterOpNumThreads = 1,
                GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL,
                LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,
            };

            // Its threads would wait busily beside the other contestants.
            options.AddSessionConfigEntry("session.intra_op.allow_spinning", "1");
            options.AddSessionConfigEntry("session.force_spinning_stop", "1");
            var peer = new OnnxPeer(new InferenceSession(Path.Combine(own, Graph), options), own);
            peer.Run();
            reason = null;
            return peer;
        }
        catch (Exception e) when (
            e is OnnxRuntimeException or IOException or UnauthorizedAccessException or DllNotFoundException or TypeInitializationException)
        {
            Delete(own);
            reason = $"ONNX Runtime did not run the graph ({e.Message.Split('\n')[0]}).";
            return null;
        }
    }

    public void Run()
    {
        using var options = new RunOptions();
        using var outputs = _session.Run(options, [_session.InputNames[0]], [_input], _session.OutputNames);
    }

    public void Dispose()
    {
        _input.Dispose();
        _session.Dispose();
        Delete(_folder);
    }

    private static IEnumerable<string> Candidates(string? peers)
    {
        string? named = peers ?? Environment.GetEnvironmentVariable("MFPCLIP_PEERS");
        if (named is not null)
        {
            return [named];
        }

        var starts = new[] { AppContext.BaseDirectory, Environment.CurrentDirectory };
        return starts.SelectMany(Ancestors).Select(f => Path.Combine(f, "..", "shared", "peers"));
    }

    private static IEnumerable<string> Ancestors(string path)
    {
        for (var folder = new DirectoryInfo(path); folder is not null; folder = folder.Parent)
        {
            yield return folder.FullName;
        }
    }

    // One block of normal values of standard deviation 0.02, repeated: time does not depend on them.
    private static void WriteWeights(string path)
    {
        var random = new Random(11);
        var block = new float[1 << 20];
        for (int i = 0; i < block.Length; i++)
        {
            block[i] = (float)(0.02 * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));
        }

        using var file = File.Create(path);
        var bytes = MemoryMarshal.AsBytes(block.AsSpan());
        for (long left = WeightBytes; left > 0; left -= bytes.Length)
        {
            file.Write(bytes[..(int)Math.Min(left, bytes.Length)]);
        }
    }

    private static void Delete(string folder)
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
