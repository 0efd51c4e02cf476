using MfpClip.Execution;
using MfpClip.Fuzz.Mutation;
using MfpClip.Objectives;
using MfpClip.References;
using MfpClip.Training;
using MfpClip.Training.Checkpoints;
using TorchSharp;
using static TorchSharp.torch;

namespace MfpClip.Fuzz.Targets;

/// <summary>What the library keeps and reads again.</summary>
internal static class StoreTargets
{
    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        new()
        {
            Name = "references", Changes = [SafetensorsMutation.Any], Cost = 4,
            Prepare = AllTargets.OfFile("r.safetensors", path => ReferenceFile.Read(path)),
        },
        new() { Name = "checkpoint", Changes = [SafetensorsMutation.Any], Cost = 4, Prepare = Checkpoint },
        new() { Name = "features", Changes = [SafetensorsMutation.Any], Cost = 4, Prepare = Features },
    ];

    /// <summary>What the checkpoint of the corpus fits.</summary>
    public static TrainingIdentity Identity { get; } = new("method", null, "composition", "data", "frozen");

    public static TrainingRecipe Recipe { get; } = new() { Epochs = 3, BatchSize = 2, LearningRate = 1e-3 };

    /// <summary>What is trained in it.</summary>
    public static List<KeyValuePair<string, Tensor>> Weights() =>
        [new("mask.w", torch.full([2, 3], 0.25f).DetachFromDisposeScope()), new("self.b", torch.full([4], -1f).DetachFromDisposeScope())];

    // Nothing changes unless everything fits.
    private static Action<byte[]> Checkpoint(string folder)
    {
        var weights = Weights();
        var optimizer = new AdamOptimizer(Recipe, weights);
        string path = Path.Combine(folder, "checkpoint.safetensors");
        string before = WeightsHash.Of(weights);
        return input =>
        {
            File.WriteAllBytes(path, input);
            bool loaded = false;
            try
            {
                var (state, losses, _) = CheckpointFile.Load(path, Identity, Recipe, weights, optimizer, []);
                loaded = true;
                if (state.Epoch is < 0 or > 3 || state.TotalSteps < 0 || losses is null)
                {
                    throw new InvalidOperationException("It stands where no training can.");
                }
            }
            finally
            {
                if (!loaded && WeightsHash.Of(weights) != before)
                {
                    throw new InvalidOperationException("The weights changed although the checkpoint was refused.");
                }

                before = loaded ? WeightsHash.Of(weights) : before;
            }

            using var scope = torch.NewDisposeScope();
            if (!weights.TrueForAll(w => w.Value.isfinite().all().item<bool>()))
            {
                throw new InvalidOperationException("The weights are not finite.");
            }
        };
    }

    // What is taken from the folder is what was put there.
    private static Action<byte[]> Features(string folder)
    {
        var x = torch.arange(12, ScalarType.Float32).reshape(1, 12).DetachFromDisposeScope();
        var key = new FeatureKey { Network = "n", What = "w", Precision = ScalarType.Float32, Device = "cpu" };
        var input = FeatureInputs.Of(x);
        bool computed = false;
        IReadOnlyList<Tensor> Compute()
        {
            computed = true;
            return [x * 2];
        }

        Read();
        string path = Directory.GetFiles(folder, "*.safetensors").Single();
        return bytes =>
        {
            File.WriteAllBytes(path, bytes);
            computed = false;
            Read();
            if (computed)
            {
                throw new WeightsException(path, "It was computed again.");
            }
        };

        void Read()
        {
            using var scope = torch.NewDisposeScope();
            using var expected = x * 2;
            var got = new FeatureFolder(folder, 1 << 20).Get(key, input, Compute)[0];
            if (!got.shape.SequenceEqual(expected.shape) || !got.eq(expected).all().item<bool>())
            {
                throw new InvalidOperationException("Other features came back than were kept.");
            }
        }
    }
}
