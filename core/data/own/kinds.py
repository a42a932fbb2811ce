"""Which files and folders are read as data, in one place that is quick to import."""

TABLE_SUFFIXES = (".csv", ".tsv", ".parquet", ".pq")
ARRAY_SUFFIXES = (".npz", ".npy", ".pt", ".pth", ".safetensors")
# What the two halves may be called, as folders of classes or as files.
TRAIN_NAMES = ("train", "training")
TEST_NAMES = ("test", "testing", "val", "valid", "validation")
WHAT_IS_READ = (
    "a folder of images, one sub-folder for each class; tables "
    f"({', '.join(TABLE_SUFFIXES)}) and arrays ({', '.join(ARRAY_SUFFIXES)}), or a folder with "
    "one called train and one called test; what your own code returns, as module:factory"
)
